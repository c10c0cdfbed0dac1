// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The C interface of the library, as `vgetrandom.h` declares and documents it.
#![no_std]

mod draws;
mod libc;
mod source;
mod state;

#[cfg(feature = "artifact")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: no argument.
    unsafe { libc::abort() }
}
