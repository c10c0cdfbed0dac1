// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Data that the kernel shares with every process.

use core::mem::{offset_of, size_of};
use static_assertions::const_assert_eq;

/// What the kernel's generator publishes (Linux 6.11 `include/vdso/datapage.h`, `struct vdso_rng_data`).
#[repr(C)]
pub struct VdsoRngData {
    /// Changes whenever every key in user space must be replaced; 0 is never a valid generation.
    pub generation: u64,
    /// 1 once the generator has been seeded fully, 0 before.
    pub is_ready: u8,
    /// The widest cipher that the kernel allows: one of [`simd`]. Padding, and therefore 0, on kernels without our glue.
    pub simd: u8,
}
const_assert_eq!(offset_of!(VdsoRngData, generation), 0);
const_assert_eq!(offset_of!(VdsoRngData, is_ready), 8);
const_assert_eq!(offset_of!(VdsoRngData, simd), 9);
const_assert_eq!(size_of::<VdsoRngData>(), 16);

/// Values of [`VdsoRngData::simd`].
pub mod simd {
    /// SSE2, which every x86-64 processor has.
    pub const SSE2: u8 = 0;
    /// AVX2, with the upper halves enabled in `XCR0`.
    pub const AVX2: u8 = 1;
    /// AVX-512VL, with the opmask and both ZMM components enabled in `XCR0`.
    pub const AVX512VL: u8 = 2;
}

/// Offset of `clock_mode` in `struct vdso_data`, in bytes (Linux `include/vdso/datapage.h`); a 32-bit value.
pub const CLOCK_MODE_OFFSET: usize = 4;
/// `VDSO_CLOCKMODE_TIMENS` (Linux `include/vdso/clocksource.h`): the real data lies at the time-namespace page.
pub const CLOCK_MODE_TIMENS: u32 = i32::MAX as u32;
