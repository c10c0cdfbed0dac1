// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Memory for the opaque state of one thread.

use anyhow::{Context, Result};
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use std::ffi::c_void;
use std::ptr::null_mut;
use vdso_abi::PAGE_SIZE;
use vdso_abi::state::VgetrandomOpaqueParams;

/// A page with one state at its start. It is unmapped on drop.
pub struct StatePage(*mut c_void);

impl StatePage {
    /// Maps a fresh state with the properties that the size probe returned.
    ///
    /// # Errors
    /// The kernel refuses the mapping, as Linux before 6.11 does.
    pub fn map(params: &VgetrandomOpaqueParams) -> Result<Self> {
        let access = ProtFlags::from_bits_retain(params.mmap_prot);
        let flags = MapFlags::from_bits_retain(params.mmap_flags);
        // SAFETY: the kernel chooses the address, so no mapping is replaced.
        let page = unsafe { mmap_anonymous(null_mut(), PAGE_SIZE, access, flags) };
        Ok(Self(page.context("mmap: state: the kernel refused the flags of the size probe; use Linux 6.11 or later")?))
    }

    /// Address of the state.
    pub fn state(&self) -> *mut c_void {
        self.0
    }
}

impl Drop for StatePage {
    fn drop(&mut self) {
        // SAFETY: `new` mapped the page, and each user of its address has ended.
        let unmapped = unsafe { munmap(self.0, PAGE_SIZE) };
        debug_assert!(unmapped.is_ok(), "munmap: {unmapped:?}");
    }
}
