// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The data that the kernel shares: single volatile loads through raw pointers, never a reference (S1).

use crate::arch::address;
use vdso_abi::rng_data::{CLOCK_MODE_OFFSET, CLOCK_MODE_TIMENS, VdsoRngData};

/// The kernel's `struct vdso_rng_data`, at the place where this process has it.
pub struct RngData(*const VdsoRngData);

impl RngData {
    /// Finds the data: at its usual place, or in a time namespace at the time-namespace page.
    ///
    /// There the usual place holds zeros (S2). 0 is no generation (K1), so only a generator that is not ready and a time
    /// namespace pay for the second look, and the time-namespace page, which faults elsewhere, is touched in one only.
    pub fn locate() -> Self {
        let usual = Self::usual();
        if usual.generation() == 0 && clock_mode() == CLOCK_MODE_TIMENS {
            return Self(address::timens_rng_data());
        }
        usual
    }

    /// The data at its usual place, which in a time namespace shows generation 0.
    pub fn usual() -> Self {
        Self(address::rng_data())
    }

    /// The current generation, or 0.
    pub fn generation(&self) -> u64 {
        // SAFETY: `locate` found a readable page, and the kernel aligns the field.
        unsafe { (&raw const (*self.0).generation).read_volatile() }
    }

    /// Whether the generator has been seeded fully.
    pub fn is_ready(&self) -> bool {
        // SAFETY: as in `generation`; a byte, because a `bool` that another writes could hold anything (S3).
        unsafe { (&raw const (*self.0).is_ready).read_volatile() != 0 }
    }

    /// The widest cipher that the kernel allows, of [`vdso_abi::rng_data::simd`].
    pub fn simd(&self) -> u8 {
        // SAFETY: as in `generation`.
        unsafe { (&raw const (*self.0).simd).read_volatile() }
    }
}

/// `clock_mode` of the first clock at the usual place.
fn clock_mode() -> u32 {
    // SAFETY: the page at the usual place is always readable, and the kernel aligns the field. Volatile keeps the order of
    // the looks: nothing behind this one, the time-namespace page above all, is touched before it.
    unsafe { address::vdso_data().wrapping_byte_add(CLOCK_MODE_OFFSET).cast::<u32>().read_volatile() }
}
