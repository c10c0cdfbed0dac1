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
    /// Maps a fresh state with the properties that the size probe advertises.
    ///
    /// # Errors
    /// The kernel refuses them; before Linux 6.11 it does not know them.
    pub fn map(params: &VgetrandomOpaqueParams) -> Result<Self> {
        let access = ProtFlags::from_bits_retain(params.mmap_prot);
        let flags = MapFlags::from_bits_retain(params.mmap_flags);
        // SAFETY: no address is given, so nothing that exists is replaced.
        let page = unsafe { mmap_anonymous(null_mut(), PAGE_SIZE, access, flags) };
        Ok(Self(page.context("mapping a state as the probe says, which takes Linux 6.11")?))
    }

    /// Address of the state.
    pub fn state(&self) -> *mut c_void {
        self.0
    }
}

impl Drop for StatePage {
    fn drop(&mut self) {
        // SAFETY: the page is ours, and whoever was given its address has stopped using it.
        let unmapped = unsafe { munmap(self.0, PAGE_SIZE) };
        debug_assert!(unmapped.is_ok(), "munmap: {unmapped:?}");
    }
}
