// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The system calls of this library. There are no others.

#![expect(unsafe_code, reason = "system calls")]

use crate::abi::{AT_FDCWD, EIO, MAP_ANONYMOUS, MAP_PRIVATE, O_RDONLY_CLOEXEC, PR_GET_AUXV, PROT_READ_WRITE};
use crate::arch::syscall::{number, system_call};
use core::ffi::CStr;
use core::ptr::NonNull;

/// `getrandom(2)`; returns a count or a negative errno.
///
/// # Safety
/// `buffer` is writable for `len` bytes, or the kernel answers `-EFAULT`; no Rust reference to it is alive.
pub unsafe fn getrandom(buffer: *mut u8, len: usize, flags: u32) -> isize {
    // SAFETY: the caller's promise.
    unsafe { system_call(number::GETRANDOM, [buffer.expose_provenance(), len, flags as usize, 0, 0, 0]) }
}

/// Maps `len` bytes of private memory, all zero. `None` where the kernel refuses.
pub fn map_private(len: usize) -> Option<NonNull<u8>> {
    map(len, PROT_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS)
}

/// Maps `len` bytes as the size probe says. `None` where the kernel refuses.
pub fn map(len: usize, protection: u32, flags: u32) -> Option<NonNull<u8>> {
    // SAFETY: a new mapping at an address of the kernel's choice touches no memory of this program.
    let address = unsafe { system_call(number::MMAP, [0, len, protection as usize, flags as usize, usize::MAX, 0]) };
    // Errors are the last 4095 addresses.
    if (-4095..=0).contains(&address) {
        None
    } else {
        NonNull::new(core::ptr::with_exposed_provenance_mut(address as usize))
    }
}

/// Unmaps what [`map`] mapped.
///
/// # Safety
/// The range is one mapping of [`map`] that nothing refers to.
pub unsafe fn unmap(start: NonNull<u8>, len: usize) {
    // SAFETY: the caller's promise. It cannot fail for a whole mapping.
    unsafe { system_call(number::MUNMAP, [start.as_ptr().expose_provenance(), len, 0, 0, 0, 0]) };
}

/// Copies the auxiliary vector by `prctl(2)`; returns its length in bytes, or a negative errno (before Linux 6.4).
pub fn auxiliary_vector(words: &mut [usize]) -> isize {
    let (start, len) = (words.as_mut_ptr().expose_provenance(), size_of_val(words));
    // SAFETY: the kernel writes at most `len` bytes to `words`.
    unsafe { system_call(number::PRCTL, [PR_GET_AUXV, start, len, 0, 0, 0]) }
}

/// Reads the beginning of a file; returns the number of bytes, or a negative errno.
pub fn read_file(path: &CStr, words: &mut [usize]) -> isize {
    let Some(file) = open(path) else { return -(EIO as isize) };
    // SAFETY: the kernel writes at most so many bytes to `words`.
    let read = unsafe { read(file, words.as_mut_ptr().cast(), size_of_val(words)) };
    close(file);
    read
}

/// Opens a file for reading; `None` where the kernel refuses.
pub fn open(path: &CStr) -> Option<usize> {
    let path = path.as_ptr().expose_provenance();
    // SAFETY: the path ends with a zero byte.
    let file = unsafe { system_call(number::OPENAT, [AT_FDCWD as usize, path, O_RDONLY_CLOEXEC, 0, 0, 0]) };
    usize::try_from(file).ok()
}

/// `read(2)`; returns a count or a negative errno.
///
/// # Safety
/// `buffer` is writable for `len` bytes.
pub unsafe fn read(file: usize, buffer: *mut u8, len: usize) -> isize {
    // SAFETY: the caller's promise.
    unsafe { system_call(number::READ, [file, buffer.expose_provenance(), len, 0, 0, 0]) }
}

/// Closes what [`open`] opened.
pub fn close(file: usize) {
    // SAFETY: the descriptor is this library's.
    unsafe { system_call(number::CLOSE, [file, 0, 0, 0, 0, 0]) };
}
