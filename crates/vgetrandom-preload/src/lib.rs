// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The preload library: it implements `getrandom`, `getentropy` and the `arc4random` family for unmodified programs.
//!
//! `LD_PRELOAD=…/libvgetrandom-preload.so program`. The library needs no other library, so one file works for programs with
//! glibc and with musl. It has no effect on static programs, and on functions that use `syscall()`.
#![no_std]

mod libc;

use core::ffi::{c_int, c_uint};
use vgetrandom::internals::{Cell, Owner, Slot, ThreadInitialExec, below, draw, fill, fill_from_any};

#[cfg(feature = "artifact")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    libc::abort()
}

/// The calling thread. Draws that may block are those of the C library, which can be cancelled (C2).
#[derive(Clone, Copy)]
struct Interposed;

// SAFETY: word and cell are those of `ThreadInitialExec`.
unsafe impl Owner for Interposed {
    #[inline(always)]
    fn word(self) -> *mut Slot {
        ThreadInitialExec.word()
    }

    fn cell(&self) -> &Cell {
        // SAFETY: the cell lives as long as the thread, and so longer than this borrow.
        unsafe { &*core::ptr::from_ref(ThreadInitialExec.cell()) }
    }

    fn set_hook(self) -> bool {
        ThreadInitialExec.set_hook()
    }

    unsafe fn blocking(self, buffer: *mut u8, len: usize, flags: u32) -> isize {
        // SAFETY: the caller's promise.
        unsafe { libc::blocking_getrandom(buffer, len, flags) }
    }
}

/// `getrandom(3)` of the C library.
///
/// # Safety
/// `buffer` is writable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getrandom(buffer: *mut u8, len: usize, flags: c_uint) -> isize {
    // SAFETY: the caller's promise.
    let result = unsafe { draw(Interposed, buffer, len, flags) };
    if result < 0 {
        libc::set_errno((result as c_int).wrapping_neg());
        return -1;
    }
    result
}

/// `getentropy(3)`: fills at most 256 bytes.
///
/// # Safety
/// `buffer` is writable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getentropy(buffer: *mut u8, len: usize) -> c_int {
    /// The most that one call gives (`getentropy(3)`, `GETENTROPY_MAX` of POSIX.1-2024).
    const MOST: usize = 256;
    const EIO: c_int = 5;
    if len > MOST {
        libc::set_errno(EIO);
        return -1;
    }
    // Fall back to the system call and not to the C library: unlike `getrandom`, this function is no cancellation point.
    // SAFETY: the caller's promise.
    match unsafe { fill(ThreadInitialExec, buffer, len) } {
        Ok(()) => 0,
        Err(error) => {
            libc::set_errno(error.errno());
            -1
        }
    }
}

/// `arc4random_buf(3)`: fills the buffer, or ends the process.
///
/// # Safety
/// `buffer` is writable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn arc4random_buf(buffer: *mut u8, len: usize) {
    // As for `getentropy`, no cancellation point.
    // SAFETY: the caller's promise.
    if !unsafe { fill_from_any(ThreadInitialExec, buffer, len) } {
        libc::abort();
    }
}

/// `arc4random(3)`.
#[unsafe(no_mangle)]
pub extern "C" fn arc4random() -> u32 {
    let mut bytes = [0; 4];
    // SAFETY: an array.
    unsafe { arc4random_buf(bytes.as_mut_ptr(), bytes.len()) };
    u32::from_ne_bytes(bytes)
}

/// `arc4random_uniform(3)`.
#[unsafe(no_mangle)]
pub extern "C" fn arc4random_uniform(bound: u32) -> u32 {
    below(bound, || Some(arc4random())).unwrap_or(0)
}
