// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The owners of slots: threads, by thread-local storage, and [`State`](crate::State)s.

#![expect(unsafe_code, reason = "thread-local storage, and buffers by address")]

use crate::arch::linker;
use crate::cell::Cell;
use crate::slot::Slot;
use crate::{exit, kernel};

/// An owner of a slot.
///
/// # Safety
/// `word` is the present value of `cell`'s word, and `cell` returns the same cell for as long as the owner exists, one that
/// no other owner uses at the same time.
pub unsafe trait Owner: Copy {
    /// The word of the cell.
    fn word(self) -> *mut Slot;

    /// The cell.
    fn cell(&self) -> &Cell;

    /// Arranges that the slot returns to the pool when the owner ends. Returns whether that succeeded.
    fn set_hook(self) -> bool;

    /// The system call, for draws that may block. Returns a count or a negative errno.
    ///
    /// # Safety
    /// `buffer` is writable for `len` bytes.
    unsafe fn blocking(self, buffer: *mut u8, len: usize, flags: u32) -> isize {
        // SAFETY: the caller's promise.
        unsafe { kernel::getrandom(buffer, len, flags) }
    }
}

/// The calling thread, by a TLS descriptor, which the linker of an executable replaces by a constant.
#[derive(Clone, Copy, Debug)]
pub struct Thread;

/// The calling thread, by the initial-exec model: for a library that is loaded with the program.
#[derive(Clone, Copy, Debug)]
pub struct ThreadInitialExec;

/// Implements [`Owner`] for a type of thread.
macro_rules! thread {
    ($thread:ident, $word:ident, $address:ident) => {
        // SAFETY: both read the thread-local word of `linker`, which holds this thread's cell and nothing else.
        unsafe impl Owner for $thread {
            #[inline(always)]
            fn word(self) -> *mut Slot {
                core::ptr::with_exposed_provenance_mut(linker::$word())
            }

            fn cell(&self) -> &Cell {
                // SAFETY: a cell is one word, valid when zero, and this one lives as long as the thread.
                unsafe { &*linker::$address().cast() }
            }

            fn set_hook(self) -> bool {
                exit::set_hook(self.cell())
            }
        }
    };
}
thread!(Thread, thread_word, thread_word_address);
thread!(ThreadInitialExec, thread_word_initial_exec, thread_word_address_initial_exec);
