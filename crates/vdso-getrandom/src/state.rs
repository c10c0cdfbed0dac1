// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The opaque state: its word, by which it is taken and released, its count and its batch.

use crate::arch::word;
use crate::output::Output;
use core::mem::offset_of;
use core::ptr::NonNull;
use vdso_abi::PAGE_SIZE;
use vdso_abi::state::{FETCHING, STATE_LEN, VgetrandomState};

/// A state that another call may be using: it can change between any two instructions.
#[derive(Clone, Copy)]
pub struct State(NonNull<VgetrandomState>);

/// A state that says it is in use by this call, or did so when the call took it: a wipe clears the tag (R2).
///
/// Dropping it without [`release`](Self::release) or [`State::reset`] leaves it in use for ever (R4).
#[must_use]
pub struct Held {
    state: State,
    tag: u64,
    release: Release,
}

/// How a state becomes idle again, always in one instruction (K7).
enum Release {
    /// A call that took an idle state sets the bit that it cleared.
    SetBit,
    /// A call that fetched a key replaces its own tag by this word, and nothing else.
    Exchange(u64),
}

/// A held state whose key is being fetched: [`FETCHING`] in its tag says so.
#[must_use]
pub struct Fetching(Held);

/// Why a state cannot be taken.
pub enum Untaken {
    /// It says neither idle nor in use under this generation.
    NoMatch,
    /// It was idle with a key of this generation, and no longer was when it was to be taken.
    NotIdle,
}

impl State {
    /// The state at a pointer that an exported function was given; `None` for null.
    pub fn new(opaque_state: *mut u8) -> Option<Self> {
        NonNull::new(opaque_state.cast()).map(Self)
    }

    /// Whether the state straddles a page, so that one part of it can be dropped without the other (E3).
    #[inline(always)]
    pub fn straddles_page(self) -> bool {
        self.as_ptr().addr() % PAGE_SIZE > PAGE_SIZE - STATE_LEN
    }

    /// Takes the state if it is idle with a key of `generation`.
    ///
    /// The comparison fails for a state that is fresh, stale or in use. Generation 0 must fail before it: a state that was
    /// wiped before its release says 1, idle of generation 0 (K7), and 0 is what the default data page reads in a time
    /// namespace (S2).
    pub fn take(self, generation: u64) -> Result<Held, Untaken> {
        if generation == 0 || self.word() != idle(generation) {
            return Err(Untaken::NoMatch);
        }
        // The instruction also tells whether the state was still idle: a handler's draw that took it after the comparison
        // and never came back has left the same tag (R4).
        if !word::take(self.as_ptr()) {
            return Err(Untaken::NotIdle);
        }
        Ok(Held { state: self, tag: generation << 1, release: Release::SetBit })
    }

    /// Claims a state that holds no key of `generation`, which is not 0, under a tag of this call's own: `tag` is even, and
    /// differs from the tag of each other call that has not returned. `None` if the state is in use (R1, R4).
    pub fn claim(self, generation: u64, tag: u64) -> Option<Fetching> {
        let found = self.word();
        if found != 0 && found & 1 == 0 {
            return None;
        }
        self.set_word(tag | FETCHING);
        // K9: a state that was fresh or wiped becomes idle with its second draw. A handler that keys a state which was wiped
        // under the call that it interrupts so leaves nothing that a second handler could draw from.
        let word = if found == 0 { idle(0) } else { idle(generation) };
        Some(Fetching(Held { state: self, tag, release: Release::Exchange(word) }))
    }

    /// Makes the state a fresh one. Key and batch stay as they are: a handler may have keyed the state anew in between, and
    /// a wipe after the store would leave its tag over a zero key (R3).
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
    /// Where the key lies, for the system call that writes it (M1).
    pub fn key(&self) -> *mut u8 {
        self.0.as_ptr().wrapping_byte_add(offset_of!(VgetrandomState, key)).cast()
    }

    /// The state with its key, and an empty batch; `None` if it was wiped or taken over since it was claimed.
    ///
    /// The tag changes last and in one instruction, and from this call's own alone, so that a key of zeros or of a draw that
    /// never came back is never used.
    pub fn keyed(self) -> Option<Held> {
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

    /// Whether the state still has the tag of this call, and so was not wiped (R2).
    pub fn is_still_mine(&self) -> bool {
        self.state.word() == self.tag
    }

    /// Makes the state idle.
    ///
    /// One instruction on the word as it is by now. A wipe since the last check leaves 1 after a take, idle of generation 0,
    /// which no call takes; after a fetch it leaves 0 (K7).
    #[inline(always)]
    pub fn release(self) {
        match self.release {
            Release::SetBit => word::release(self.as_ptr()),
            Release::Exchange(word) => {
                // If it fails, the state is fresh or another call's, and stays so.
                word::exchange(self.as_ptr(), self.tag, word);
            }
        }
    }
}
