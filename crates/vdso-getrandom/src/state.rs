// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The opaque state: the word that calls take and release, the count and the batch.

use crate::arch::word;
use crate::output::Output;
use core::mem::offset_of;
use core::ptr::NonNull;
use vdso_abi::PAGE_SIZE;
use vdso_abi::state::{FETCHING, STATE_LEN, VgetrandomState};

/// A state that this call does not hold: other calls can change it between any two instructions.
#[derive(Clone, Copy)]
pub struct State(NonNull<VgetrandomState>);

/// A state in whose word this call stored its tag. A wipe may have cleared the tag since (R2).
///
/// Dropping the value without [`release`](Self::release) or [`State::reset`] leaves the state in use for ever (R4).
#[must_use]
pub struct Held {
    state: State,
    tag: u64,
    release: Release,
}

/// The instruction that makes a state idle again (K7).
enum Release {
    /// After a take: set the bit that the take cleared.
    SetBit,
    /// After a fetch: replace the call's tag by this word, and no other value.
    Exchange(u64),
}

/// A held state with [`FETCHING`] in its tag: the call fetches the key.
#[must_use]
pub struct Fetching(Held);

/// The reason why a state cannot be taken.
pub enum Untaken {
    /// The state was not idle with a key of this generation.
    NoMatch,
    /// The state was idle at the comparison and no longer at the take.
    NotIdle,
}

impl State {
    /// The state at the pointer that an exported function received; `None` for null.
    pub fn new(opaque_state: *mut u8) -> Option<Self> {
        NonNull::new(opaque_state.cast()).map(Self)
    }

    /// Whether the state straddles a page, so that reclaim can wipe one part of it alone (E3).
    #[inline(always)]
    pub fn straddles_page(self) -> bool {
        self.as_ptr().addr() % PAGE_SIZE > PAGE_SIZE - STATE_LEN
    }

    /// Takes the state if it is idle with a key of `generation`.
    ///
    /// Reject generation 0 before the comparison: the word of a state that was wiped before its release is 1, idle of
    /// generation 0 (K7), and the default data page reads 0 in a time namespace (S2). The comparison rejects a state that is
    /// fresh, stale or in use.
    pub fn take(self, generation: u64) -> Result<Held, Untaken> {
        if generation == 0 || self.word() != idle(generation) {
            return Err(Untaken::NoMatch);
        }
        // The instruction also tells whether the state was still idle: a handler's call that took it after the comparison
        // and was abandoned left the same tag (R4).
        if !word::take(self.as_ptr()) {
            return Err(Untaken::NotIdle);
        }
        Ok(Held { state: self, tag: generation << 1, release: Release::SetBit })
    }

    /// Stores this call's tag with [`FETCHING`] in a state that has no key of `generation`, which is not 0. `tag` is even and
    /// differs from the tag of each other call that has not returned. `None` if the state is in use (R1, R4).
    pub fn begin_fetch(self, generation: u64, tag: u64) -> Option<Fetching> {
        let found = self.word();
        if found != 0 && found & 1 == 0 {
            return None;
        }
        self.set_word(tag | FETCHING);
        // K9: a fresh or wiped state becomes idle only with its second draw. A handler that fetches a key for a state that
        // was wiped under the interrupted call then leaves no bytes that a second handler could draw.
        let word = if found == 0 { idle(0) } else { idle(generation) };
        Some(Fetching(Held { state: self, tag, release: Release::Exchange(word) }))
    }

    /// Resets the state. Key and batch stay: a handler may have put a new key into the state after the store, and
    /// wiping them would leave its tag over a zero key (R3).
    pub fn reset(self) {
        self.set_word(0);
    }

    fn as_ptr(self) -> *mut VgetrandomState {
        self.0.as_ptr()
    }

    fn word(self) -> u64 {
        word::load(self.as_ptr())
    }

    fn set_word(self, value: u64) {
        word::store(self.as_ptr(), value);
    }
}

/// The word of an idle state with a key of `generation`.
fn idle(generation: u64) -> u64 {
    generation << 1 | 1
}

impl Fetching {
    /// Address of the key, for the system call that writes it (M1).
    pub fn key(&self) -> *mut u8 {
        self.0.as_ptr().wrapping_byte_add(offset_of!(VgetrandomState, key)).cast()
    }

    /// Returns the held state with its key and an empty batch; `None` if it no longer has this call's tag.
    ///
    /// The last instruction clears [`FETCHING`], and only in this call's tag: a zero key, or the key of an abandoned call, is
    /// never used.
    pub fn finish_fetch(self) -> Option<Held> {
        let held = self.0;
        held.set_remaining(0);
        word::exchange(held.as_ptr(), held.tag | FETCHING, held.tag).then_some(held)
    }
}

impl Held {
    /// The value of the word while the state is held.
    pub fn tag(&self) -> u64 {
        self.tag
    }

    /// The whole state, for the cipher.
    pub fn as_ptr(&self) -> *mut VgetrandomState {
        self.state.as_ptr()
    }

    /// The count: unread bytes of the batch.
    pub fn remaining(&self) -> usize {
        // SAFETY: the state is readable by the contract of the exported functions.
        unsafe { (&raw const (*self.as_ptr()).remaining).read_unaligned() as usize }
    }

    /// Stores the count, which is at most the length of the batch.
    pub fn set_remaining(&self, remaining: usize) {
        // SAFETY: the state is writable by the contract of the exported functions.
        unsafe { (&raw mut (*self.as_ptr()).remaining).write_unaligned(remaining as u32) }
    }

    /// Moves batch bytes from offset `from` on to the output, and zeroes them in the batch (M4).
    #[inline(always)]
    pub fn hand_out(&self, from: usize, output: Output) {
        let batch = self.as_ptr().wrapping_byte_add(offset_of!(VgetrandomState, batch)).cast::<u8>();
        // SAFETY: every caller keeps offset and length within the batch, and the state is writable.
        unsafe { output.fill_and_wipe(batch.wrapping_add(from)) }
    }

    /// Checks the tag: `true` if the state still has it, and so was not wiped (R2).
    pub fn is_still_mine(&self) -> bool {
        self.state.word() == self.tag
    }

    /// Makes the state idle.
    ///
    /// One instruction, on the present word. If a wipe came after the last check, the word becomes 1 after a take: idle of
    /// generation 0, which no call takes. After a fetch it stays 0 (K7).
    #[inline(always)]
    pub fn release(self) {
        match self.release {
            Release::SetBit => word::release(self.as_ptr()),
            Release::Exchange(word) => {
                // If the exchange fails, the state is fresh or in use by another call, and stays so.
                word::exchange(self.as_ptr(), self.tag, word);
            }
        }
    }
}
