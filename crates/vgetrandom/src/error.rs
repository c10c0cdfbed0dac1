// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Errors are errno values.

use core::fmt;
use core::num::NonZeroI32;

/// An error of the kernel: a positive errno value, as `getrandom(2)` sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Error(NonZeroI32);

impl Error {
    /// The error with this errno, which is positive.
    pub(crate) const fn new(errno: i32) -> Self {
        match NonZeroI32::new(errno) {
            Some(errno) => Self(errno),
            None => Self(NonZeroI32::MAX),
        }
    }

    /// The error that a system call returned: a negative errno.
    pub(crate) const fn of_result(result: isize) -> Self {
        Self::new((result as i32).wrapping_neg())
    }

    /// The errno value: 4 is `EINTR`, 11 `EAGAIN`, 38 `ENOSYS`.
    pub const fn errno(self) -> i32 {
        self.0.get()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "getrandom: errno {}", self.0)
    }
}

impl core::error::Error for Error {}
