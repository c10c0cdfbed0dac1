// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The cell of an owner: one word, which is the address of its slot or a code that is less than every address.

#![expect(unsafe_code, reason = "the word is a pointer")]

use crate::process::POOL;
use crate::slot::Slot;
use core::ptr::without_provenance_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

/// The word of one owner: a thread, or a `State`.
///
/// A zero word is the cell of a thread that never drew.
#[derive(Debug)]
#[repr(transparent)]
pub struct Cell(AtomicPtr<Slot>);

/// A value below this is a code. No mapping lies in the first page.
const CODES: usize = 4096;

/// The codes. Those from 1 to [`CLAIMING`](code::CLAIMING) count down the draws by system call until the owner tries to claim
/// a slot again.
mod code {
    /// The owner has no slot, and claims one with its next draw.
    pub const NONE: usize = 0;
    /// After a claim that failed, for lack of memory.
    pub const REFUSED: usize = 256;
    /// A claim is under way. If it is abandoned, the owner tries again after this number of draws.
    pub const CLAIMING: usize = 1000;
    /// The thread exits, and gets no slot again.
    pub const EXITED: usize = 4095;
}

/// The content of a cell.
pub enum Content {
    /// The slot of the owner.
    Slot(&'static Slot),
    /// No slot; the code gives the reason.
    Code(usize),
}

/// The right to put a slot into a cell: a code that was exchanged for "claiming" by one instruction.
pub struct Claim<'a>(&'a Cell);

impl Cell {
    /// A cell without a slot.
    pub const fn empty() -> Self {
        Self(AtomicPtr::new(without_provenance_mut(code::NONE)))
    }

    /// The word.
    #[inline(always)]
    pub fn word(&self) -> *mut Slot {
        self.0.load(Ordering::Relaxed)
    }

    /// The slot that the word of a cell names.
    ///
    /// # Safety
    /// The word came from a cell.
    #[inline(always)]
    pub unsafe fn slot_of(word: *mut Slot) -> Option<&'static Slot> {
        // SAFETY: a cell holds codes and slots, and slots exist for the rest of the process.
        if word.addr() < CODES { None } else { Some(unsafe { &*word }) }
    }

    /// The present content.
    pub fn content(&self) -> Content {
        let word = self.word();
        // SAFETY: the word of this cell.
        match unsafe { Self::slot_of(word) } {
            Some(slot) => Content::Slot(slot),
            None => Content::Code(word.addr()),
        }
    }

    /// Begins a claim if this code allows it; otherwise counts one draw. If a handler changed the cell after the code was read,
    /// the cell keeps the handler's slot.
    pub fn begin_claim(&self, code: usize) -> Option<Claim<'_>> {
        match code {
            code::NONE | 1 => self.exchange(code, code::CLAIMING).then_some(Claim(self)),
            code::EXITED => None,
            code => {
                self.exchange(code, code - 1);
                None
            }
        }
    }

    /// Begins a claim for a slot that replaces `slot`.
    pub fn begin_replacement(&self, slot: &'static Slot) -> Option<Claim<'_>> {
        let slot = (&raw const *slot).cast_mut();
        let claiming = without_provenance_mut(code::CLAIMING);
        let exchanged = self.0.compare_exchange(slot, claiming, Ordering::Relaxed, Ordering::Relaxed);
        exchanged.is_ok().then_some(Claim(self))
    }

    /// Returns the slot of an owner that ends, which gets no slot again.
    pub fn exit(&self) {
        let word = self.0.swap(without_provenance_mut(code::EXITED), Ordering::Relaxed);
        // SAFETY: the word of this cell.
        if let Some(slot) = unsafe { Self::slot_of(word) } {
            POOL.give_back(slot);
        }
    }

    fn exchange(&self, from: usize, to: usize) -> bool {
        let (from, to) = (without_provenance_mut(from), without_provenance_mut(to));
        self.0.compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Claim<'_> {
    /// Exchanges after which a claim fails. An exchange fails only if a handler draws in between.
    const TRIES: usize = 16;

    /// Ends the claim with a slot. Returns the owner's slot, which is a handler's if a handler drew so often meanwhile that it
    /// claimed one.
    pub fn store(self, slot: &'static Slot) -> Option<&'static Slot> {
        let new = (&raw const *slot).cast_mut();
        for _ in 0..Self::TRIES {
            match self.0.content() {
                Content::Slot(other) => {
                    POOL.give_back(slot);
                    return Some(other);
                }
                Content::Code(code::EXITED) => break,
                Content::Code(code) => {
                    let code = without_provenance_mut(code);
                    if self.0.0.compare_exchange(code, new, Ordering::Release, Ordering::Relaxed).is_ok() {
                        return Some(slot);
                    }
                }
            }
        }
        POOL.give_back(slot);
        None
    }

    /// Ends the claim without a slot.
    pub fn refuse(self) {
        if let Content::Code(code) = self.0.content()
            && code != code::EXITED
        {
            self.0.exchange(code, code::REFUSED);
        }
    }
}
