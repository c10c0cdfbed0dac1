// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! State of the process: the vDSO, found once, and the pool of slots.

#![expect(unsafe_code, reason = "the vDSO by its address")]

use crate::abi::{EAGAIN, GRND_NONBLOCK, Getrandom, PAGE_SIZE};
use crate::arch::vdso::GETRANDOM;
use crate::pool::Pool;
use crate::slot::Slot;
use crate::source::Why;
use crate::{exit, kernel, lookup};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

/// The vDSO's function, and how its states are mapped.
#[derive(Clone, Copy, Debug)]
pub struct Vdso {
    /// The function with five arguments.
    pub function: Getrandom,
    /// Length of a state, in bytes.
    pub state_len: usize,
    /// `prot` argument for `mmap(2)`.
    pub protection: u32,
    /// `flags` argument for `mmap(2)`.
    pub map_flags: u32,
}

impl Vdso {
    /// Distance of states, in bytes: no two of them share a cache line.
    fn stride(&self) -> usize {
        self.state_len.next_multiple_of(Slot::LEN)
    }

    fn states_per_page(&self) -> usize {
        PAGE_SIZE / self.stride()
    }

    /// Offset of a state, in bytes. No state straddles a page, because the kernel reclaims pages one by one.
    pub fn state_offset(&self, index: usize) -> usize {
        let per_page = self.states_per_page();
        index / per_page * PAGE_SIZE + index % per_page * self.stride()
    }

    /// Length of a mapping for this number of states, in bytes.
    pub fn states_len(&self, count: usize) -> usize {
        count.div_ceil(self.states_per_page()) * PAGE_SIZE
    }
}

/// The slots of the process.
pub static POOL: Pool = Pool::new();

/// Values of [`STATUS`].
mod status {
    pub const UNKNOWN: u32 = 0;
    pub const READY: u32 = 1;
    /// The vDSO is usable, but the kernel's generator was not ready at the last check.
    pub const NOT_READY: u32 = 2;
    pub const NO_VDSO: u32 = 3;
    pub const NO_FUNCTION: u32 = 4;
    pub const STRANGE_PROBE: u32 = 5;
}

/// The progress of the lookup. Several threads, or a handler and the interrupted thread, may run it at the same time: they
/// store the same values.
static STATUS: AtomicU32 = AtomicU32::new(status::UNKNOWN);
static FUNCTION: AtomicPtr<()> = AtomicPtr::new(null_mut());
static STATE_LEN: AtomicUsize = AtomicUsize::new(0);
static PROTECTION: AtomicU32 = AtomicU32::new(0);
static MAP_FLAGS: AtomicU32 = AtomicU32::new(0);

/// Set by [`set_vdso`]: the address, of which 1 says "not set".
static OVERRIDE: AtomicUsize = AtomicUsize::new(NOT_SET);
const NOT_SET: usize = 1;

/// Uses the image at `base` instead of the one that the kernel maps; 0 means none.
pub fn set_vdso(base: usize) {
    OVERRIDE.store(base, Ordering::Release);
}

/// The vDSO, or the reason why draws cannot use one now.
pub fn vdso() -> Result<Vdso, Why> {
    let mut status = STATUS.load(Ordering::Acquire);
    if status == status::UNKNOWN {
        status = find();
        STATUS.store(status, Ordering::Release);
    }
    if status == status::NOT_READY && is_ready() {
        status = status::READY;
        STATUS.store(status, Ordering::Release);
    }
    match status {
        status::READY => exit::is_possible().map(|()| known()),
        status::NOT_READY => Err(Why::NotReady),
        status::NO_VDSO => Err(Why::NoVdso),
        status::NO_FUNCTION => Err(Why::NoFunction),
        _ => Err(Why::StrangeProbe),
    }
}

/// The vDSO that draws use now or will use when the kernel's generator is ready and the constructor has run.
pub fn vdso_to_come() -> Option<Vdso> {
    match vdso() {
        Ok(vdso) => Some(vdso),
        // `find` has stored its values in both cases.
        Err(Why::NotReady | Why::TooEarly) => Some(known()),
        Err(_) => None,
    }
}

/// The values that [`find`] stored.
fn known() -> Vdso {
    let function = FUNCTION.load(Ordering::Relaxed);
    Vdso {
        // SAFETY: the status says that `find` stored the address of the function.
        function: unsafe { core::mem::transmute::<*mut (), Getrandom>(function) },
        state_len: STATE_LEN.load(Ordering::Relaxed),
        protection: PROTECTION.load(Ordering::Relaxed),
        map_flags: MAP_FLAGS.load(Ordering::Relaxed),
    }
}

/// Finds the vDSO and stores its function and the answer of its probe; returns the status.
fn find() -> u32 {
    let base = match OVERRIDE.load(Ordering::Acquire) {
        NOT_SET => lookup::vdso_base(),
        base => base,
    };
    if base == 0 {
        return status::NO_VDSO;
    }
    let base = core::ptr::with_exposed_provenance::<u8>(base);
    // SAFETY: the kernel maps its image there, or the caller of `set_vdso` did.
    let Some(function) = (unsafe { lookup::find_function(base, GETRANDOM) }) else { return status::NO_FUNCTION };
    // SAFETY: a function of this name has this type, by the interface of the vDSO.
    let getrandom = unsafe { core::mem::transmute::<*const u8, Getrandom>(function) };
    // SAFETY: as above.
    let Some(vdso) = (unsafe { lookup::probe(getrandom) }) else { return status::STRANGE_PROBE };
    FUNCTION.store(function.cast_mut().cast(), Ordering::Relaxed);
    STATE_LEN.store(vdso.state_len, Ordering::Relaxed);
    PROTECTION.store(vdso.protection, Ordering::Relaxed);
    MAP_FLAGS.store(vdso.map_flags, Ordering::Relaxed);
    status::NOT_READY
}

/// Whether the kernel's generator is ready. Before that a draw may block, so it must be the system call (C2).
fn is_ready() -> bool {
    // SAFETY: no buffer, of length 0. Every answer except "try again" shows that a draw would not block.
    unsafe { kernel::getrandom(null_mut(), 0, GRND_NONBLOCK) != -(EAGAIN as isize) }
}

#[cfg(test)]
mod tests {
    use super::*;

    extern "C" fn none(_: *mut u8, _: usize, _: u32, _: *mut core::ffi::c_void, _: usize) -> isize {
        -38
    }

    #[test]
    fn no_state_straddles_a_page_or_overlaps_another() {
        for state_len in 1..=PAGE_SIZE {
            let vdso = Vdso { function: none, state_len, protection: 3, map_flags: 0x28 };
            let mut end = 0;
            for index in 0..crate::pool::SLOTS {
                let offset = vdso.state_offset(index);
                assert!(offset >= end, "{state_len}: state {index} overlaps its predecessor");
                assert_eq!(offset / PAGE_SIZE, (offset + state_len - 1) / PAGE_SIZE, "{state_len}: state {index}");
                end = offset + state_len;
            }
            assert!(end <= vdso.states_len(crate::pool::SLOTS), "{state_len}");
        }
    }
}
