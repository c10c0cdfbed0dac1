// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The opaque state of one thread.

use core::mem::{offset_of, size_of};
use static_assertions::{const_assert, const_assert_eq};

/// Length of a ChaCha20 key, in bytes (RFC 8439, section 2.3).
pub const KEY_LEN: usize = 32;
/// Length of a ChaCha20 block, in bytes (RFC 8439, section 2.3).
pub const BLOCK_LEN: usize = 64;
/// Blocks in one group. A refill stores one group without its last [`BOOKKEEPING_LEN`] bytes.
pub const GROUP_BLOCKS: usize = 8;
/// Length of a group of blocks, in bytes.
pub const GROUP_LEN: usize = GROUP_BLOCKS * BLOCK_LEN;
/// Length of the fields after the batch in a state, in bytes.
pub const BOOKKEEPING_LEN: usize = 16;
/// Length of the batch, in bytes.
pub const BATCH_LEN: usize = GROUP_LEN - KEY_LEN - BOOKKEEPING_LEN;

/// The opaque state. Key and batch are adjacent, because one refill writes both.
///
/// A state of zeros is fresh. A caller may place a state at any address, so its alignment is 1.
#[repr(C, packed)]
pub struct VgetrandomState {
    /// The next ChaCha20 key.
    pub key: [u8; KEY_LEN],
    /// The first [`remaining`](Self::remaining) bytes are unread. The others are zero, or scratch of the cipher during a
    /// call.
    pub batch: [u8; BATCH_LEN],
    /// Generation and in-use tag. 0 is fresh. An odd word is idle with a key of generation `word >> 1`. An even word that is
    /// not 0 is the tag of a call: `generation << 1` if the call took the state idle, an address in its stack frame if it
    /// fetches or fetched the key.
    pub word: u64,
    /// The count: unread bytes of the batch.
    pub remaining: u32,
    /// Always zero.
    pub reserved: u32,
}
const_assert_eq!(size_of::<VgetrandomState>(), STATE_LEN);
const_assert_eq!(offset_of!(VgetrandomState, batch), KEY_LEN);
const_assert_eq!(offset_of!(VgetrandomState, word), GROUP_LEN - BOOKKEEPING_LEN);
// A state whose length is a power of two, and which is aligned to its length, never straddles a page.
const_assert!(STATE_LEN.is_power_of_two());

/// Bit of [`VgetrandomState::word`] while a call fetches the key. No user-space address has it.
pub const FETCHING: u64 = 1 << 63;

/// Length of a state, in bytes.
pub const STATE_LEN: usize = GROUP_LEN;

/// The answer of the size probe (Linux 6.11 `include/uapi/linux/random.h`, `struct vgetrandom_opaque_params`).
#[repr(C)]
pub struct VgetrandomOpaqueParams {
    /// [`STATE_LEN`].
    pub size_of_opaque_state: u32,
    /// `prot` argument for `mmap(2)`.
    pub mmap_prot: u32,
    /// `flags` argument for `mmap(2)`.
    pub mmap_flags: u32,
    /// Zero.
    pub reserved: [u32; 13],
}
const_assert_eq!(size_of::<VgetrandomOpaqueParams>(), 64);
