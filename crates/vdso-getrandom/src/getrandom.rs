// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The algorithm: buffered fast key erasure over ChaCha20, steered by the kernel's generation counter.
//!
//! From top to bottom in the order of the contract. A signal handler may run a whole call on the same state between any
//! two instructions, and a fork in it or the reclaim of a droppable page may zero that state; so each step says why it
//! stands where it stands.

use crate::arch::chacha20::{Chacha20, Wiped};
use crate::arch::syscall;
use crate::data_page::RngData;
use crate::output::Output;
use crate::state::{Held, State, Untaken};
use core::sync::atomic::{Ordering, compiler_fence};
use vdso_abi::flags::GRND_MAX_VALID;
use vdso_abi::state::{BATCH_LEN, GROUP_BLOCKS, GROUP_LEN, KEY_LEN};
use vdso_abi::syscall::MAX_RW_COUNT;

/// How often a call begins: once, and once more after its state or generation went away under it (K6).
const ATTEMPTS: usize = 2;

/// How many groups go to the caller between two checks of the tag: a few microseconds' worth.
const GROUPS_UNSEEN: usize = 8;

/// Why an attempt did not serve the request.
enum Unserved {
    /// It takes more than the fast path does.
    Slow,
    /// The system call must serve it.
    Refused,
    /// The generation moved or the state was wiped in mid-call: worth one more attempt.
    Interrupted,
}

/// Fills `output` from a state, or by the system call. Returns the number of bytes or a negative error number.
///
/// A small draw that the batch suffices for is served here, without a loop or a call; everything else is a tail call.
#[inline(always)]
pub fn getrandom(output: Output, flags: u32, state: Option<State>) -> isize {
    // E9. E4: bad flags before anything else, so that the kernel sees them whatever the state is like.
    let (Some(state), 0..=GRND_MAX_VALID) = (state, flags) else {
        return system_call(output, flags);
    };
    if state.straddles_page() {
        return system_call(output, flags);
    }
    match hit(output, state) {
        Ok(served) => served as isize,
        Err(Unserved::Slow) => serve(output, flags, state, ATTEMPTS),
        Err(Unserved::Refused) => system_call(output, flags),
        Err(Unserved::Interrupted) => serve_again(output, flags, state),
    }
}

/// A small draw from an idle state whose batch suffices: the steps of [`attempt`] and [`produce`], as far as such a draw
/// takes them.
#[inline(always)]
fn hit(output: Output, state: State) -> Result<usize, Unserved> {
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
    // Read the count only after the take: a handler could have handed out the same bytes before it (R3).
    let remaining = held.remaining();
    if remaining < output.len() {
        held.release();
        return Err(Unserved::Slow);
    }
    held.hand_out(remaining - output.len(), output);
    held.set_remaining(remaining - output.len());
    finish(output, held, &data, generation)
}

/// Passes over the output until one of at most `attempts` serves it, or by the system call.
///
/// Never inlined: both exported functions end in it, and a call of one by the other would go through the GOT. Its frame
/// lives as long as the call, so an address in it is a tag that no other call under way has.
#[inline(never)]
fn serve(output: Output, flags: u32, state: State, attempts: usize) -> isize {
    let own = 0u64;
    for _ in 0..attempts {
        match attempt(output, state, (&raw const own).addr() as u64) {
            Ok(served) => return served as isize,
            Err(Unserved::Interrupted) => give_up(output, state),
            Err(Unserved::Refused | Unserved::Slow) => break,
        }
    }
    system_call(output, flags)
}

/// The remaining attempts after an interrupted [`hit`].
#[cold]
#[inline(never)]
fn serve_again(output: Output, flags: u32, state: State) -> isize {
    give_up(output, state);
    serve(output, flags, state, ATTEMPTS - 1)
}

/// Discards an interrupted attempt.
#[cold]
fn give_up(output: Output, state: State) {
    state.reset();
    // M4: the next attempt may end early in the system call, which must not leave the bytes of this one in the buffer.
    output.at_most(MAX_RW_COUNT).wipe();
}

/// The system call with the caller's own arguments (E6: unclamped).
///
/// Cold, so that the checks before it do not jump on the fast path.
#[cold]
pub fn system_call(output: Output, flags: u32) -> isize {
    syscall::getrandom(output.start(), output.len(), flags)
}

/// One pass over the output from its beginning (K5).
fn attempt(output: Output, state: State, tag: u64) -> Result<usize, Unserved> {
    let data = RngData::locate();
    let generation = data.generation();
    let held = match state.take(generation) {
        Ok(held) => held,
        Err(Untaken::NotIdle) => return Err(Unserved::Refused),
        // E5: before the length is looked at. K1: no key has generation 0.
        Err(Untaken::NoMatch) if !data.is_ready() || generation == 0 => return Err(Unserved::Refused),
        Err(Untaken::NoMatch) if output.len() == 0 => return Ok(0),
        Err(Untaken::NoMatch) => rekey(state, generation, tag)?,
    };
    // E6
    let output = output.at_most(MAX_RW_COUNT);
    produce(output, &held, Chacha20::allowed_by(data.simd())).map_err(|Wiped| Unserved::Interrupted)?;
    finish(output, held, &data, generation)
}

/// Releases a state from which `output` was filled, if both that and the state can be trusted.
#[inline(always)]
fn finish(output: Output, held: Held, data: &RngData, generation: u64) -> Result<usize, Unserved> {
    // No store so far may sink below the check of the tag that vouches for it.
    compiler_fence(Ordering::SeqCst);
    // K5, R2: both, because a reseed moves only the page's word and a wipe only the state's.
    if data.generation() != generation || !held.is_still_mine() {
        return Err(Unserved::Interrupted);
    }
    held.release();
    Ok(output.len())
}

/// Claims a state that holds no key of this generation, and fetches one.
#[cold]
fn rekey(state: State, generation: u64, tag: u64) -> Result<Held, Unserved> {
    // R1, R4: the interrupted call below this one on the stack, or a call that never came back, may hold the state.
    // K2: the tag is stored before the fetch, so that after a fork in between the child finds a wiped word, and a handler
    // finds the state in use (R3).
    let fetching = state.claim(generation, tag).ok_or(Unserved::Refused)?;
    // K3: x86 keeps loads in order, so a compiler fence keeps the fetch after the load of the generation.
    compiler_fence(Ordering::SeqCst);
    // K4
    if syscall::getrandom(fetching.key(), KEY_LEN, 0) != KEY_LEN as isize {
        state.reset();
        return Err(Unserved::Refused);
    }
    fetching.keyed().ok_or(Unserved::Interrupted)
}

/// Fills the output from the batch, and from the cipher where the batch does not suffice.
fn produce(mut output: Output, held: &Held, cipher: Chacha20) -> Result<(), Wiped> {
    // Read the count only now that the state is held: a handler could have handed out the same bytes before (R3).
    let mut remaining = held.remaining();
    loop {
        let served = output.len().min(remaining);
        remaining -= served;
        held.hand_out(remaining, output.take(served));
        if output.len() == 0 {
            break;
        }
        // The batch is drained, so the cipher may use it as scratch. Whole groups go straight to the caller.
        let mut counter = 0;
        while output.len() >= GROUP_LEN {
            // A handler may have keyed a state that was wiped, and its batch is then no scratch of this call (R3).
            // Checked every few groups, because a large request takes seconds.
            if !held.is_still_mine() {
                return Err(Wiped);
            }
            let groups = (output.len() / GROUP_LEN).min(GROUPS_UNSEEN);
            cipher.generate(output.take(groups * GROUP_LEN), held, counter);
            counter += (groups * GROUP_BLOCKS) as u64;
        }
        // K8: always behind direct groups, even when nothing is left to serve, and under the counters that follow theirs,
        // because the key is still the same.
        cipher.refill(held, counter)?;
        remaining = BATCH_LEN;
    }
    // Before the release: an idle state with a stale count would hand out the same bytes again (R3).
    held.set_remaining(remaining);
    Ok(())
}
