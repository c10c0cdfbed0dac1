// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The algorithm: buffered fast key erasure over ChaCha20, keyed again when the kernel's generation changes.
//!
//! The steps follow the order of the contract. Between any two instructions a signal handler may run a whole call on the
//! same state, and a fork or the reclaim of a droppable page may wipe the state. Comments give the reason for the order.

use crate::arch::chacha20::{Chacha20, Wiped};
use crate::arch::syscall;
use crate::data_page::RngData;
use crate::output::Output;
use crate::state::{Held, State, Untaken};
use core::sync::atomic::{Ordering, compiler_fence};
use vdso_abi::flags::GRND_MAX_VALID;
use vdso_abi::state::{BATCH_LEN, GROUP_BLOCKS, GROUP_LEN, KEY_LEN};
use vdso_abi::syscall::MAX_RW_COUNT;

/// Passes of a call: one, and a restart if the state was wiped or the generation changed meanwhile (K6).
const PASSES: usize = 2;

/// Groups that go to the caller between two checks of the tag, which takes a few microseconds.
const GROUPS_BETWEEN_CHECKS: usize = 8;

/// The reason why a pass did not fill the output.
enum Unserved {
    /// The request needs the slow path.
    Slow,
    /// The call must fall back to the system call.
    Refused,
    /// The generation changed or the state was wiped meanwhile: the pass is discarded.
    Interrupted,
}

/// Fills `output` from a state, or by the system call. Returns the number of bytes or a negative error number.
///
/// The fast path is inlined here and has no loop and no call; every other path is a tail call.
#[inline(always)]
pub fn getrandom(output: Output, flags: u32, state: Option<State>) -> isize {
    // E9. E4: check the flags first, so that the kernel answers invalid flags for every state.
    let (Some(state), 0..=GRND_MAX_VALID) = (state, flags) else {
        return system_call(output, flags);
    };
    if state.straddles_page() {
        return system_call(output, flags);
    }
    match fast_path(output, state) {
        Ok(served) => served as isize,
        Err(Unserved::Slow) => serve(output, flags, state, PASSES),
        Err(Unserved::Refused) => system_call(output, flags),
        Err(Unserved::Interrupted) => serve_again(output, flags, state),
    }
}

/// The fast path: a small draw from an idle state whose batch suffices. It makes the steps of [`slow_pass`] and [`produce`]
/// that such a draw needs.
#[inline(always)]
fn fast_path(output: Output, state: State) -> Result<usize, Unserved> {
    if !output.is_small() {
        return Err(Unserved::Slow);
    }
    let data = RngData::usual();
    let generation = data.generation();
    let held = match state.take(generation) {
        Ok(held) => held,
        Err(Untaken::NoMatch) => return Err(Unserved::Slow),
        Err(Untaken::NotIdle) => return Err(Unserved::Refused),
    };
    // Read the count after the take: before it, a handler could have returned the same bytes (R3).
    let remaining = held.remaining();
    if remaining < output.len() {
        held.release();
        return Err(Unserved::Slow);
    }
    held.hand_out(remaining - output.len(), output);
    held.set_remaining(remaining - output.len());
    finish(output, held, &data, generation)
}

/// The slow path: makes at most `passes` passes, then falls back to the system call.
///
/// Never inlined, because both exported functions end in it, and a call of one by the other would go through the GOT. Its
/// frame lives as long as the call, so an address in the frame is a tag that no other active call has.
#[inline(never)]
fn serve(output: Output, flags: u32, state: State, passes: usize) -> isize {
    let own = 0u64;
    for _ in 0..passes {
        match slow_pass(output, state, (&raw const own).addr() as u64) {
            Ok(served) => return served as isize,
            Err(Unserved::Interrupted) => discard(output, state),
            Err(Unserved::Refused | Unserved::Slow) => break,
        }
    }
    system_call(output, flags)
}

/// The slow path after an interrupted [`fast_path`].
#[cold]
#[inline(never)]
fn serve_again(output: Output, flags: u32, state: State) -> isize {
    discard(output, state);
    serve(output, flags, state, PASSES - 1)
}

/// Discards an interrupted pass.
#[cold]
fn discard(output: Output, state: State) {
    state.reset();
    // M4: the restart may fall back to a system call that fails, which must not leave bytes of this pass in the buffer.
    output.at_most(MAX_RW_COUNT).wipe();
}

/// The system call with the caller's arguments, without a clamp of the length (E6).
///
/// Cold, so that the checks before it do not branch on the fast path.
#[cold]
pub fn system_call(output: Output, flags: u32) -> isize {
    syscall::getrandom(output.start(), output.len(), flags)
}

/// One pass over the output from its beginning (K5).
fn slow_pass(output: Output, state: State, tag: u64) -> Result<usize, Unserved> {
    let data = RngData::locate();
    let generation = data.generation();
    let held = match state.take(generation) {
        Ok(held) => held,
        Err(Untaken::NotIdle) => return Err(Unserved::Refused),
        // E5: check this before the length. K1: no key has generation 0.
        Err(Untaken::NoMatch) if !data.is_ready() || generation == 0 => return Err(Unserved::Refused),
        Err(Untaken::NoMatch) if output.len() == 0 => return Ok(0),
        Err(Untaken::NoMatch) => rekey(state, generation, tag)?,
    };
    // E6
    let output = output.at_most(MAX_RW_COUNT);
    produce(output, &held, Chacha20::allowed_by(data.simd())).map_err(|Wiped| Unserved::Interrupted)?;
    finish(output, held, &data, generation)
}

/// The last check: releases the state that filled `output`, if generation and tag are unchanged.
#[inline(always)]
fn finish(output: Output, held: Held, data: &RngData, generation: u64) -> Result<usize, Unserved> {
    // No earlier store may move below the check of the tag that covers it.
    compiler_fence(Ordering::SeqCst);
    // K5, R2: check both, because a reseed changes only the generation and a wipe only the tag.
    if data.generation() != generation || !held.is_still_mine() {
        return Err(Unserved::Interrupted);
    }
    held.release();
    Ok(output.len())
}

/// Tags a state that has no key of this generation, and fetches a key.
#[cold]
fn rekey(state: State, generation: u64, tag: u64) -> Result<Held, Unserved> {
    // R1, R4: an interrupted call further up the stack, or an abandoned call, may hold the state.
    // K2: the tag is stored before the fetch, so that after a fork in between the child finds a wiped word, and a handler
    // finds the state in use (R3).
    let fetching = state.begin_fetch(generation, tag).ok_or(Unserved::Refused)?;
    // K3: the fetch must follow the load of the generation. x86 keeps loads in order, so a compiler fence suffices.
    compiler_fence(Ordering::SeqCst);
    // K4
    if syscall::getrandom(fetching.key(), KEY_LEN, 0) != KEY_LEN as isize {
        state.reset();
        return Err(Unserved::Refused);
    }
    fetching.finish_fetch().ok_or(Unserved::Interrupted)
}

/// Fills the output from the batch, and from the cipher where the batch does not suffice.
fn produce(mut output: Output, held: &Held, cipher: Chacha20) -> Result<(), Wiped> {
    // Read the count while the state is held: before, a handler could have returned the same bytes (R3).
    let mut remaining = held.remaining();
    loop {
        let served = output.len().min(remaining);
        remaining -= served;
        held.hand_out(remaining, output.take(served));
        if output.len() == 0 {
            break;
        }
        // The batch is empty, so the cipher may use it as scratch. Whole groups go directly to the caller.
        let mut counter = 0;
        while output.len() >= GROUP_LEN {
            // After a wipe, a handler may have put a key into the state, and its batch must not become scratch (R3). Check
            // every few groups, because a large request takes seconds.
            if !held.is_still_mine() {
                return Err(Wiped);
            }
            let groups = (output.len() / GROUP_LEN).min(GROUPS_BETWEEN_CHECKS);
            cipher.generate(output.take(groups * GROUP_LEN), held, counter);
            counter += (groups * GROUP_BLOCKS) as u64;
        }
        // K8: always refill after direct groups, even if the output is full: the key must not be used again. The counters
        // continue, because the key is still the same.
        cipher.refill(held, counter)?;
        remaining = BATCH_LEN;
    }
    // Store the count before the release: an idle state with a stale count would return the same bytes again (R3).
    held.set_remaining(remaining);
    Ok(())
}
