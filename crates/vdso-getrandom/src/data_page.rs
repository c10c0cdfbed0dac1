// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The data page of the kernel: single volatile loads through raw pointers, never a reference (S1).

use crate::arch::address;
use vdso_abi::rng_data::{CLOCK_MODE_OFFSET, CLOCK_MODE_TIMENS, VdsoRngData};

/// The kernel's `struct vdso_rng_data` in the data page of this process.
pub struct RngData(*const VdsoRngData);

impl RngData {
    /// Finds the data in the default data page, or in the time-namespace data page of a time namespace.
    ///
    /// In a time namespace the default data page reads 0 (S2), which is no generation (K1). So `clock_mode` is read only in a
    /// time namespace or before the generator is ready. The time-namespace data page faults outside of a time namespace, so it
    /// is read in one only.
    pub fn locate() -> Self {
        let usual = Self::usual();
        if usual.generation() == 0 && clock_mode() == CLOCK_MODE_TIMENS {
            return Self(address::timens_rng_data());
        }
        usual
    }

    /// The data in the default data page, which reads generation 0 in a time namespace.
    pub fn usual() -> Self {
        Self(address::rng_data())
    }

    /// The current generation, or 0.
    pub fn generation(&self) -> u64 {
        // SAFETY: both constructors name a readable page, and the kernel aligns the field.
        unsafe { (&raw const (*self.0).generation).read_volatile() }
    }

    /// Whether the generator has been seeded fully.
    pub fn is_ready(&self) -> bool {
        // SAFETY: as in `generation`. The type is a byte, because a `bool` in shared memory could hold an invalid value (S3).
        unsafe { (&raw const (*self.0).is_ready).read_volatile() != 0 }
    }

    /// The `simd` byte: the widest CPU level that the kernel allows, one of [`vdso_abi::rng_data::simd`].
    pub fn simd(&self) -> u8 {
        // SAFETY: as in `generation`.
        unsafe { (&raw const (*self.0).simd).read_volatile() }
    }
}

/// `clock_mode` of the first clock in the default data page.
fn clock_mode() -> u32 {
    // SAFETY: the default data page is always readable, and the kernel aligns the field. Volatile keeps the order of the
    // loads: the time-namespace data page is read after this one.
    unsafe { address::vdso_data().wrapping_byte_add(CLOCK_MODE_OFFSET).cast::<u32>().read_volatile() }
}
