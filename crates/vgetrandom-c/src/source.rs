// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The source of the bytes, as the constants of `vgetrandom.h`.

use core::ffi::c_int;
use vgetrandom::{Source, Why};

/// Returns 0 for the vDSO, or the reason why each draw is a system call.
#[unsafe(no_mangle)]
pub extern "C" fn vgetrandom_source() -> c_int {
    match vgetrandom::source() {
        Source::Vdso { .. } => 0,
        Source::Syscall(why) => match why {
            Why::NoVdso => 1,
            Why::NoFunction => 2,
            Why::StrangeProbe => 3,
            Why::NotReady => 4,
            Why::TooEarly => 5,
            Why::NoThreadKey => 6,
            // A reason that the header does not define.
            _ => 99,
        },
        _ => 99,
    }
}
