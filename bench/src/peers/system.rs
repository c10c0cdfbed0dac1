// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The peers of the operating system and the C library, and the bounds.

use super::Generator;
use crate::sizes::LARGEST;
use anyhow::{Context, Result};
use libloading::os::unix::Library;

/// `getrandom(2)`.
pub struct SystemCall;

impl Generator for SystemCall {
    #[inline(always)]
    fn fill(&mut self, bytes: &mut [u8]) -> bool {
        // SAFETY: the slice is writable for its length.
        let returned = unsafe { libc::syscall(libc::SYS_getrandom, bytes.as_mut_ptr(), bytes.len(), 0) };
        returned == bytes.len() as i64
    }
}

/// `arc4random_buf` (glibc 2.36 and later).
pub struct Arc4random {
    function: unsafe extern "C" fn(*mut u8, usize),
}

impl Arc4random {
    /// Looks the function up in the C library.
    ///
    /// # Errors
    /// The C library lacks the function.
    pub fn find() -> Result<Self> {
        // SAFETY: the function of this name has this type wherever it exists, and the C library is never unloaded.
        let function = unsafe { Library::this().get(c"arc4random_buf").map(|symbol| *symbol) };
        Ok(Self { function: function.context("the C library lacks it; use glibc 2.36 or later")? })
    }
}

impl Generator for Arc4random {
    #[inline(always)]
    fn fill(&mut self, bytes: &mut [u8]) -> bool {
        // SAFETY: the slice is writable for its length.
        unsafe { (self.function)(bytes.as_mut_ptr(), bytes.len()) };
        true
    }
}

/// A copy from a cached source: the least cost of moving the bytes.
pub struct Memcpy {
    source: Vec<u8>,
}

impl Memcpy {
    /// A source for the largest size, without a zero byte.
    pub fn new() -> Self {
        Self { source: (0..LARGEST).map(|at| at as u8 | 1).collect() }
    }
}

impl Generator for Memcpy {
    #[inline(always)]
    fn fill(&mut self, bytes: &mut [u8]) -> bool {
        // SAFETY: the source is as long as the largest buffer, and does not overlap it.
        unsafe { bytes.as_mut_ptr().copy_from_nonoverlapping(self.source.as_ptr(), bytes.len()) };
        true
    }
}

/// An empty function: the cost of the indirect call.
pub struct EmptyCall;

impl Generator for EmptyCall {
    #[inline(always)]
    fn fill(&mut self, _bytes: &mut [u8]) -> bool {
        true
    }
}
