// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Functions of the C library.

use core::ffi::{c_int, c_uint, c_void};

unsafe extern "C" {
    pub fn abort() -> !;
    pub fn malloc(len: usize) -> *mut c_void;
    pub fn free(memory: *mut c_void);
    fn __errno_location() -> *mut c_int;
    fn getrandom(buffer: *mut u8, len: usize, flags: c_uint) -> isize;
    fn pthread_key_create(key: *mut c_uint, destructor: Option<unsafe extern "C" fn(*mut c_void)>) -> c_int;
    fn pthread_setspecific(key: c_uint, value: *const c_void) -> c_int;
}

/// Strong references: a static program that refers to these functions weakly only would be linked without them, and a
/// thread that exits would not return its state.
#[used]
static KEY_CREATE: unsafe extern "C" fn(*mut c_uint, Option<unsafe extern "C" fn(*mut c_void)>) -> c_int =
    pthread_key_create;
#[used]
static SET_SPECIFIC: unsafe extern "C" fn(c_uint, *const c_void) -> c_int = pthread_setspecific;

/// Stores an errno for the calling thread.
pub fn set_errno(errno: c_int) {
    // SAFETY: the C library returns the place of this thread's `errno`.
    unsafe { *__errno_location() = errno };
}

/// The C library's own `getrandom`, which is a cancellation point; returns a count or a negative errno.
///
/// # Safety
/// `buffer` is writable for `len` bytes.
pub unsafe fn blocking_getrandom(buffer: *mut u8, len: usize, flags: u32) -> isize {
    // SAFETY: the caller's promise; the place of `errno` is this thread's.
    unsafe {
        match getrandom(buffer, len, flags) {
            -1 => -(*__errno_location() as isize),
            count => count,
        }
    }
}
