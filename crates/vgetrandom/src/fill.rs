// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Fills a whole buffer: repeats short and interrupted calls.

#![expect(unsafe_code, reason = "buffers by address")]

use crate::abi::{EINTR, EIO};
use crate::draw::draw;
use crate::error::Error;
use crate::owner::Owner;
use core::mem::MaybeUninit;

/// Fills `len` bytes. On an error no drawn byte stays in the buffer (C4).
///
/// # Safety
/// `buffer` is writable for `len` bytes.
#[inline(always)]
pub unsafe fn fill<O: Owner>(owner: O, buffer: *mut u8, len: usize) -> Result<(), Error> {
    // SAFETY: the caller's promise.
    let result = unsafe { draw(owner, buffer, len, 0) };
    if usize::try_from(result) == Ok(len) {
        return Ok(());
    }
    // SAFETY: as above.
    unsafe { go_on(owner, buffer, len, result) }
}

/// Continues after a first call that did not fill the buffer.
///
/// # Safety
/// As for [`fill`].
#[cold]
#[inline(never)]
unsafe fn go_on<O: Owner>(owner: O, buffer: *mut u8, len: usize, first: isize) -> Result<(), Error> {
    let (mut done, mut result) = (0, first);
    loop {
        match usize::try_from(result) {
            // A kernel that returns 0 without an error would make the loop endless.
            Ok(0) if done < len => return Err(undo(buffer, done, Error::new(EIO))),
            Ok(count) => done += count.min(len - done),
            Err(_) if result == -(EINTR as isize) => {}
            Err(_) => return Err(undo(buffer, done, Error::of_result(result))),
        }
        if done == len {
            return Ok(());
        }
        // SAFETY: the rest of the buffer.
        result = unsafe { draw(owner, buffer.add(done), len - done, 0) };
    }
}

/// Erases the first `done` bytes, and returns the error.
fn undo(buffer: *mut u8, done: usize, error: Error) -> Error {
    // SAFETY: the caller's buffer, of which so many bytes were written.
    unsafe { buffer.write_bytes(0, done) };
    error
}

/// Fills a slice, and returns it as initialised.
#[inline(always)]
pub fn fill_slice<O: Owner>(owner: O, buffer: &mut [MaybeUninit<u8>]) -> Result<&mut [u8], Error> {
    let (start, len) = (buffer.as_mut_ptr().cast::<u8>(), buffer.len());
    // SAFETY: a slice is writable for its length.
    unsafe { fill(owner, start, len)? };
    // SAFETY: `fill` wrote all of it; the borrow is the caller's.
    Ok(unsafe { core::slice::from_raw_parts_mut(start, len) })
}

/// Draws `N` bytes.
#[inline(always)]
pub fn bytes<O: Owner, const N: usize>(owner: O) -> Result<[u8; N], Error> {
    let mut bytes = [const { MaybeUninit::uninit() }; N];
    fill_slice(owner, &mut bytes)?;
    // SAFETY: filled.
    Ok(unsafe { core::mem::transmute_copy(&bytes) })
}

/// One call on a slice, with the results of `getrandom(2)`.
#[inline(always)]
pub fn draw_slice<O: Owner>(owner: O, buffer: &mut [MaybeUninit<u8>], flags: u32) -> Result<usize, Error> {
    // SAFETY: a slice is writable for its length.
    let result = unsafe { draw(owner, buffer.as_mut_ptr().cast(), buffer.len(), flags) };
    usize::try_from(result).map_err(|_| Error::of_result(result))
}

/// The initialised slice as an uninitialised one.
pub fn as_uninit(buffer: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: the same layout; this library writes initialised bytes only.
    unsafe { &mut *(core::ptr::from_mut(buffer) as *mut [MaybeUninit<u8>]) }
}
