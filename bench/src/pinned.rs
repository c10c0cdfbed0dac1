// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Threads that are bound to one processor.

use anyhow::{Context, Result, bail};
use std::mem::{size_of, zeroed};

/// The processors that this thread may run on.
///
/// # Errors
/// The kernel refuses the query.
pub fn allowed() -> Result<Vec<usize>> {
    let set = get()?;
    // SAFETY: every index is within the set.
    Ok((0..libc::CPU_SETSIZE as usize).filter(|processor| unsafe { libc::CPU_ISSET(*processor, &set) }).collect())
}

/// Binds this thread to one processor until the value is dropped, which restores the former set.
pub struct Pinned(libc::cpu_set_t);

impl Pinned {
    /// Binds the thread to its present processor: a thread that moves finds cold caches and predictors.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn here() -> Result<Self> {
        // SAFETY: no pointer is involved.
        let processor = unsafe { libc::sched_getcpu() };
        Self::to(usize::try_from(processor).context("sched_getcpu: the kernel refused")?)
    }

    /// # Errors
    /// The kernel refuses.
    pub fn to(processor: usize) -> Result<Self> {
        let before = get()?;
        // SAFETY: zero is an empty set.
        let mut set: libc::cpu_set_t = unsafe { zeroed() };
        // SAFETY: the processor is one of those that the kernel named.
        unsafe { libc::CPU_SET(processor, &mut set) };
        set_affinity(&set)?;
        Ok(Self(before))
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // On failure the thread stays on its processor, which only makes later measurements less comparable.
        let _ = set_affinity(&self.0);
    }
}

fn get() -> Result<libc::cpu_set_t> {
    // SAFETY: zero is an empty set.
    let mut set: libc::cpu_set_t = unsafe { zeroed() };
    // SAFETY: the set has the stated length.
    let returned = unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut set) };
    if returned != 0 {
        bail!("sched_getaffinity: {}", std::io::Error::last_os_error());
    }
    Ok(set)
}

fn set_affinity(set: &libc::cpu_set_t) -> Result<()> {
    // SAFETY: as above.
    let returned = unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), set) };
    if returned != 0 {
        bail!("sched_setaffinity: {}", std::io::Error::last_os_error());
    }
    Ok(())
}
