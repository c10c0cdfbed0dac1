// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Draws of the calling thread.

use crate::libc;
use core::ffi::{c_int, c_uint};
use vgetrandom::internals::{Cell, Owner, Slot, Thread, below, draw, fill, fill_from_any};

/// The calling thread. Draws that may block are those of the C library, which can be cancelled (C2).
#[derive(Clone, Copy)]
struct CThread;

// SAFETY: word and cell are those of `Thread`.
unsafe impl Owner for CThread {
    #[inline(always)]
    fn word(self) -> *mut Slot {
        Thread.word()
    }

    fn cell(&self) -> &Cell {
        // SAFETY: the cell lives as long as the thread, and so longer than this borrow.
        unsafe { &*core::ptr::from_ref(Thread.cell()) }
    }

    fn set_hook(self) -> bool {
        Thread.set_hook()
    }

    unsafe fn blocking(self, buffer: *mut u8, len: usize, flags: u32) -> isize {
        // SAFETY: the caller's promise.
        unsafe { libc::blocking_getrandom(buffer, len, flags) }
    }
}

/// Fills `len` bytes; 0, or -1 with `errno`.
///
/// # Safety
/// `buffer` is writable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vgetrandom_fill(buffer: *mut u8, len: usize) -> c_int {
    // SAFETY: the caller's promise.
    status(unsafe { fill(CThread, buffer, len) })
}

/// 0, or -1 with `errno`.
#[inline]
pub(crate) fn status(result: Result<(), vgetrandom::Error>) -> c_int {
    match result {
        Ok(()) => 0,
        Err(error) => {
            libc::set_errno(error.errno());
            -1
        }
    }
}

/// One call, with the results of `getrandom(2)`: a count, or -1 with `errno`.
///
/// # Safety
/// `buffer` is writable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vgetrandom_getrandom(buffer: *mut u8, len: usize, flags: c_uint) -> isize {
    // SAFETY: the caller's promise.
    let result = unsafe { draw(CThread, buffer, len, flags) };
    if result < 0 {
        libc::set_errno((result as c_int).wrapping_neg());
        return -1;
    }
    result
}

/// Draws `N` bytes, or ends the process.
#[inline(always)]
fn certain<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // SAFETY: an array.
    if !unsafe { fill_from_any(CThread, bytes.as_mut_ptr(), N) } {
        // SAFETY: no argument.
        unsafe { libc::abort() };
    }
    bytes
}

/// Draws a number.
#[unsafe(no_mangle)]
pub extern "C" fn vgetrandom_u32() -> u32 {
    u32::from_ne_bytes(certain())
}

/// Draws a number.
#[unsafe(no_mangle)]
pub extern "C" fn vgetrandom_u64() -> u64 {
    u64::from_ne_bytes(certain())
}

/// Draws a number below `bound`; 0 if that is 0.
#[unsafe(no_mangle)]
pub extern "C" fn vgetrandom_uniform(bound: u32) -> u32 {
    below(bound, || Some(vgetrandom_u32())).unwrap_or(0)
}

/// Prepares the draws of so many threads; 0, or -1 with `errno`.
#[unsafe(no_mangle)]
pub extern "C" fn vgetrandom_prepare(threads: c_uint) -> c_int {
    status(vgetrandom::prepare(threads as usize))
}
