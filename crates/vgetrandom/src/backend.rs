// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The custom backend of the `getrandom` crate, releases 0.3 and 0.4.

#![expect(unsafe_code, reason = "an exported function, and a buffer by address")]

use crate::fill;
use crate::owner::Thread;

/// Called by the `getrandom` crate in a program that is compiled with `--cfg getrandom_backend="custom"`.
///
/// The type of the error belongs to release 0.3. That of 0.4 has the same layout, and its documentation asks for the same
/// function.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(buffer: *mut u8, len: usize) -> Result<(), getrandom_03::Error> {
    // SAFETY: the crate passes a buffer that is writable for `len` bytes.
    let result = unsafe { fill::fill(Thread, buffer, len) };
    // Its constructor of system errors is private; every errno of Linux fits into a custom code.
    result.map_err(|error| getrandom_03::Error::new_custom(error.errno() as u16))
}
