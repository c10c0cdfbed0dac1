// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The expected bytes and states, computed from the contract with the `chacha20` crate.

use crate::state::{Snapshot, idle};
use chacha20::ChaCha20LegacyCore;
use chacha20::cipher::{KeyIvInit, StreamCipherCore};
use vdso_abi::state::{BATCH_LEN, BLOCK_LEN, GROUP_BLOCKS, GROUP_LEN, KEY_LEN};

/// `blocks` blocks of ChaCha20 with a zero nonce from block `counter` on; the 64-bit counter wraps.
pub fn keystream(key: &[u8; KEY_LEN], counter: u64, blocks: usize) -> Vec<u8> {
    let mut cipher = ChaCha20LegacyCore::new(&(*key).into(), &[0; 8].into());
    let mut stream = Vec::with_capacity(blocks * BLOCK_LEN);
    for block in 0..blocks as u64 {
        cipher.set_block_pos(counter.wrapping_add(block));
        let mut bytes = [0; BLOCK_LEN].into();
        cipher.write_keystream_block(&mut bytes);
        stream.extend_from_slice(&bytes);
    }
    stream
}

/// Takes `len` bytes from an idle state. Returns them, and leaves in `state` what the call must leave there.
///
/// Calls are served from the end of the batch, and what was handed out is zero. Of a rest that the batch does not hold,
/// whole groups are made directly; a refill under the following counters replaces the key, and goes on serving.
pub fn draw(state: &mut Snapshot, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len);
    loop {
        let remaining = state.remaining as usize;
        let served = remaining.min(len - bytes.len());
        let handed_out = &mut state.batch[remaining - served..remaining];
        bytes.extend_from_slice(handed_out);
        handed_out.fill(0);
        state.remaining -= served as u32;
        if bytes.len() == len {
            return bytes;
        }
        let direct_groups = (len - bytes.len()) / GROUP_LEN;
        let direct_blocks = direct_groups * GROUP_BLOCKS;
        bytes.extend_from_slice(&keystream(&state.key, 0, direct_blocks));
        let refill = keystream(&state.key, direct_blocks as u64, GROUP_BLOCKS);
        state.key.copy_from_slice(&refill[..KEY_LEN]);
        state.batch.copy_from_slice(&refill[KEY_LEN..][..BATCH_LEN]);
        state.remaining = BATCH_LEN as u32;
    }
}

/// The state after a fetch of `key` under `generation`.
///
/// The rest of an old batch stays where it was, without a count, until a refill overwrites it. A fresh state becomes idle of
/// no generation, and fetches once more for its next draw (K9).
pub fn rekey(state: &mut Snapshot, generation: u64, key: [u8; KEY_LEN]) {
    let word = if state.word == 0 { idle(0) } else { idle(generation) };
    *state = Snapshot { key, word, remaining: 0, ..*state };
}
