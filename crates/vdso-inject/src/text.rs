// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The code of a target, writable for breakpoints.

use std::io;
use std::ops::Range;
use vdso_abi::PAGE_SIZE;

/// Code that this process may change. The change is private to the process.
pub struct Text(Range<usize>);

impl Text {
    /// Makes the pages of `code` writable.
    ///
    /// # Errors
    /// The operating system refuses: a kernel may seal its vDSO (`CONFIG_MSEAL_SYSTEM_MAPPINGS`).
    ///
    /// # Safety
    /// `code` is mapped privately and stays mapped; code that is executed while a breakpoint is in place is ready for
    /// the signal.
    pub unsafe fn open(code: Range<usize>) -> io::Result<Self> {
        let start = code.start & !(PAGE_SIZE - 1);
        let len = code.end.next_multiple_of(PAGE_SIZE) - start;
        let access = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
        // SAFETY: added access rights take nothing from other code.
        match unsafe { libc::mprotect(start as *mut _, len, access) } {
            0 => Ok(Self(code)),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Where it lies.
    pub fn range(&self) -> &Range<usize> {
        &self.0
    }

    /// Replaces one byte, and returns the one before.
    ///
    /// # Panics
    /// Where `address` is not within the code.
    pub(crate) fn write(&self, address: usize, byte: u8) -> u8 {
        assert!(self.0.contains(&address), "{address:#x} is not within the code");
        let place = address as *mut u8;
        // SAFETY: writable by `open`; no Rust reference to code exists.
        unsafe {
            let before = place.read_volatile();
            place.write_volatile(byte);
            before
        }
    }
}
