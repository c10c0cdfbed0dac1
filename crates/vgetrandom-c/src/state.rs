// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! States that the caller owns.

use crate::draws::status;
use crate::libc;
use core::ffi::c_int;
use core::ptr::null_mut;
use vgetrandom::State;
use vgetrandom::internals::fill;

/// Creates a state; returns NULL with `errno` if memory is refused.
#[unsafe(no_mangle)]
pub extern "C" fn vgetrandom_state_new() -> *mut State {
    let state = match State::new() {
        Ok(state) => state,
        Err(error) => {
            libc::set_errno(error.errno());
            return null_mut();
        }
    };
    // SAFETY: any length is valid. `malloc` sets `errno` where it fails.
    let place = unsafe { libc::malloc(size_of::<State>()) }.cast::<State>();
    if !place.is_null() {
        // SAFETY: long enough, and aligned for every type of C.
        unsafe { place.write(state) };
    }
    place
}

/// Destroys a state; does nothing for NULL.
///
/// # Safety
/// `state` is NULL or came from [`vgetrandom_state_new`], and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vgetrandom_state_free(state: *mut State) {
    if !state.is_null() {
        // SAFETY: the caller's promise.
        unsafe {
            state.drop_in_place();
            libc::free(state.cast());
        }
    }
}

/// Fills `len` bytes from a state; 0, or -1 with `errno`.
///
/// # Safety
/// `state` came from [`vgetrandom_state_new`], and no other thread uses it; `buffer` is writable for `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn vgetrandom_state_fill(state: *const State, buffer: *mut u8, len: usize) -> c_int {
    // SAFETY: the caller's promise.
    status(unsafe { fill(&*state, buffer, len) })
}
