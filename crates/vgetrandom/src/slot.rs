// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A slot: one state of the vDSO, and the in-use tag that guards it.

#![expect(unsafe_code, reason = "calls into the vDSO")]

use crate::abi::{EFAULT, Getrandom};
use crate::arch::tag;
use core::ffi::c_void;
use core::sync::atomic::{AtomicU64, Ordering};

/// One slot. The kernel may wipe the state at any instruction, and the in-use tag must survive that (C6). So a slot is in
/// ordinary memory, which neither a fork nor reclaim wipes.
#[repr(C, align(64))]
pub struct Slot {
    /// Bit 0 is the in-use tag; the other bits count the draws that found it set. A release clears both with one store.
    word: AtomicU64,
    function: Getrandom,
    state: *mut c_void,
    state_len: usize,
    /// Number of earlier slots of the owner that were replaced after abandoned calls.
    replaced: AtomicU64,
}
const _: () = assert!(size_of::<Slot>() == Slot::LEN && align_of::<Slot>() == Slot::LEN);

/// The amount that one slow draw adds to the word.
const MISS: u64 = 2;

impl Slot {
    /// Size and alignment of a slot, in bytes.
    pub const LEN: usize = 64;

    /// A slot for the state at `state`.
    pub const fn new(function: Getrandom, state: *mut c_void, state_len: usize) -> Self {
        Self { word: AtomicU64::new(0), function, state, state_len, replaced: AtomicU64::new(0) }
    }

    /// Makes one call to the vDSO, unless the tag is set: then the state belongs to a call that this one interrupted, or
    /// that was abandoned, and the result is `None`.
    ///
    /// # Safety
    /// `buffer` is writable for `len` bytes, and the calling thread, or the runtime that it acts for, owns the slot.
    #[inline(always)]
    pub unsafe fn draw(&self, buffer: *mut u8, len: usize, flags: u32) -> Option<isize> {
        if !tag::take(&self.word) {
            return None;
        }
        // SAFETY: the caller's promise for the buffer; the tag keeps every other call from the state.
        let result = unsafe { (self.function)(buffer, len, flags, self.state, self.state_len) };
        // Release after the call and not earlier: during the call the state is not consistent (C6).
        self.word.store(0, Ordering::Release);
        if result < 0 {
            // SAFETY: the caller's promise for the buffer.
            unsafe { erase(buffer, len, result) };
        }
        Some(result)
    }

    /// Counts a draw that found the tag set; returns the number of such draws since the tag was set.
    pub fn count_miss(&self) -> u64 {
        (self.word.fetch_add(MISS, Ordering::Relaxed) + MISS) / MISS
    }

    /// Whether a call is under way, or was abandoned.
    pub fn is_in_use(&self) -> bool {
        self.word.load(Ordering::Acquire) & 1 != 0
    }

    /// Number of earlier slots that the owner has replaced.
    pub fn replaced(&self) -> u64 {
        self.replaced.load(Ordering::Relaxed)
    }

    /// Stores the number of earlier slots that the owner has replaced.
    pub fn set_replaced(&self, count: u64) {
        self.replaced.store(count, Ordering::Relaxed);
    }
}

/// Erases the buffer of a call that failed (C4): mainline's function falls back to the system call after it has written part
/// of the buffer.
///
/// # Safety
/// `buffer` is writable for `len` bytes unless the result is `-EFAULT`.
#[cold]
#[inline(never)]
unsafe fn erase(buffer: *mut u8, len: usize, result: isize) {
    if result != -(EFAULT as isize) {
        // SAFETY: the caller's promise.
        unsafe { buffer.write_bytes(0, len) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::EINTR;
    use core::ptr::null_mut;

    /// Writes the whole buffer, and still fails with the errno that `len` names.
    unsafe extern "C" fn fails(buffer: *mut u8, len: usize, flags: u32, _: *mut c_void, _: usize) -> isize {
        // SAFETY: the test's buffer.
        unsafe { buffer.write_bytes(0xd5, len) };
        -(flags as isize)
    }

    fn draw(errno: i32) -> ([u8; 32], Option<isize>) {
        let slot = Slot::new(fails, null_mut(), 0);
        let mut buffer = [0xaa; 32];
        // SAFETY: the buffer is an array, and the slot is this function's.
        let result = unsafe { slot.draw(buffer.as_mut_ptr(), buffer.len(), errno as u32) };
        assert!(!slot.is_in_use());
        (buffer, result)
    }

    #[test]
    fn c4_a_failed_call_leaves_no_byte_of_the_vdso() {
        assert_eq!(draw(EINTR), ([0; 32], Some(-(EINTR as isize))));
    }

    #[test]
    fn a_buffer_that_the_kernel_refused_is_not_touched() {
        assert_eq!(draw(EFAULT), ([0xd5; 32], Some(-(EFAULT as isize))));
    }

    #[test]
    fn a_tag_that_is_set_keeps_draws_out_and_counts_them() {
        let slot = Slot::new(fails, null_mut(), 0);
        assert!(tag::take(&slot.word) && slot.is_in_use());
        let mut buffer = [0xaa; 8];
        // SAFETY: as above.
        let result = unsafe { slot.draw(buffer.as_mut_ptr(), buffer.len(), 0) };
        assert_eq!((result, buffer), (None, [0xaa; 8]));
        assert_eq!((slot.count_miss(), slot.count_miss()), (1, 2));
        assert!(slot.is_in_use());
    }
}
