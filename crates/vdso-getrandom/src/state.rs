// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The opaque state: its word, by which it is taken and released, its count and its batch.

use crate::arch::word;
use crate::output::Output;
use core::mem::offset_of;
use core::ptr::NonNull;
use vdso_abi::state::{FETCHING, VgetrandomState};

/// A state that somebody may be using: it can change between any two instructions.
#[derive(Clone, Copy)]
pub struct State(NonNull<VgetrandomState>);

/// A state that bears our mark, or did when it was taken: a wipe takes the mark away with everything else (R2).
///
/// Dropping it without [`release`](Self::release) or [`State::abandon`] leaves it in use for ever (R4).
#[must_use]
pub struct Held {
    state: State,
    in_use: u64,
}

/// A held state whose key is being fetched.
///
/// Its mark is another one than that of [`Held`]: a handler that finds a wiped state, and whose own call is abandoned
/// before its key has come (R4), must not leave the mark of the call that it interrupted over a zero key (R2).
#[must_use]
pub struct Fetching(Held);

impl State {
    /// The state at a pointer that an exported function was given; `None` for null.
    pub fn new(opaque_state: *mut u8) -> Option<Self> {
        NonNull::new(opaque_state.cast()).map(Self)
    }

    /// Takes the state if it is idle with a key of `generation`.
    ///
    /// Misses on everything else at once: fresh, stale, in use. The look at 0 is needed: a state that was wiped right before
    /// its release says 1, idle of generation 0 (K7), and 0 is what the usual place says in a time namespace (S2).
    pub fn take(self, generation: u64) -> Option<Held> {
        let held = self.held_under(generation);
        if generation == 0 || self.word() != held.in_use | 1 {
            return None;
        }
        // One instruction, so that a wipe after the look above leaves a 0 that is not ours instead of a mark.
        word::take(self.as_ptr());
        Some(held)
    }

    /// Whether a call that has not returned holds the state (R1, R4).
    pub fn is_in_use(self) -> bool {
        let word = self.word();
        word != 0 && word & 1 == 0
    }

    /// Marks the state as in use under `generation`, which is not 0, and without a key, whatever it said before.
    pub fn hold(self, generation: u64) -> Fetching {
        let held = self.held_under(generation);
        self.set_word(held.in_use | FETCHING);
        Fetching(held)
    }

    /// Makes the state a fresh one. Key and batch stay as they are: a handler may have keyed the state anew in between, and
    /// a wipe behind the store would leave its mark over a zero key (R3).
    pub fn abandon(self) {
        self.set_word(0);
    }

    fn held_under(self, generation: u64) -> Held {
        Held { state: self, in_use: generation << 1 }
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

impl Fetching {
    /// Where the key lies, for the system call that writes it (M1).
    pub fn key(&self) -> *mut u8 {
        self.0.as_ptr().wrapping_byte_add(offset_of!(VgetrandomState, key)).cast()
    }

    /// The state with its key, and an empty batch.
    ///
    /// The mark changes last, and in one instruction: a wipe since it was set leaves 0, which is nobody's mark.
    pub fn keyed(self) -> Held {
        self.0.set_remaining(0);
        word::keyed(self.0.state.as_ptr());
        self.0
    }
}

impl Held {
    /// What the word says while the state is ours.
    pub fn in_use(&self) -> u64 {
        self.in_use
    }

    /// The whole state, for the cipher.
    pub fn as_ptr(&self) -> *mut VgetrandomState {
        self.state.as_ptr()
    }

    /// How many bytes of the batch have not been handed out.
    pub fn remaining(&self) -> usize {
        // SAFETY: the state is readable by the contract of the exported functions.
        unsafe { (&raw const (*self.as_ptr()).remaining).read_unaligned() as usize }
    }

    /// Records how many bytes of the batch have not been handed out; at most its length.
    pub fn set_remaining(&self, remaining: usize) {
        // SAFETY: the state is writable by the contract of the exported functions.
        unsafe { (&raw mut (*self.as_ptr()).remaining).write_unaligned(remaining as u32) }
    }

    /// Moves batch bytes from offset `from` on into the output, and leaves zeros (M4).
    #[inline(always)]
    pub fn hand_out(&self, from: usize, output: Output) {
        let batch = self.as_ptr().wrapping_byte_add(offset_of!(VgetrandomState, batch)).cast::<u8>();
        // SAFETY: the caller keeps offset and length within the batch, which is part of the caller's state.
        unsafe { output.fill_and_wipe(batch.wrapping_add(from)) }
    }

    /// Whether the state still bears our mark, and so was not wiped (R2).
    pub fn is_still_mine(&self) -> bool {
        self.state.word() == self.in_use
    }

    /// Makes the state idle under the generation of its mark.
    ///
    /// One instruction on whatever the word says by now: a wipe since the last look leaves 1, idle of generation 0, which
    /// nobody takes (K7).
    pub fn release(self) {
        word::release(self.state.as_ptr());
    }
}
