// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The random number generator's data in the data page.

use core::mem::{offset_of, size_of};
use static_assertions::const_assert_eq;

/// The data that the kernel's generator publishes (Linux 6.11 `include/vdso/datapage.h`, `struct vdso_rng_data`).
#[repr(C)]
pub struct VdsoRngData {
    /// The generation. It changes when every key in user space must be replaced; 0 is never valid.
    pub generation: u64,
    /// 1 when the generator is fully seeded, 0 before.
    pub is_ready: u8,
    /// The widest CPU level that the kernel allows: one of [`simd`]. On kernels without this project's glue it is padding,
    /// and therefore 0.
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
    /// AVX2; the kernel enabled the upper halves in `XCR0`.
    pub const AVX2: u8 = 1;
    /// AVX-512VL; the kernel enabled the opmask and both ZMM components in `XCR0`.
    pub const AVX512VL: u8 = 2;
}

/// Offset of `clock_mode` in `struct vdso_data`, in bytes (Linux `include/vdso/datapage.h`); a 32-bit value.
pub const CLOCK_MODE_OFFSET: usize = 4;
/// `VDSO_CLOCKMODE_TIMENS` (Linux `include/vdso/clocksource.h`): the time-namespace data page holds the real data.
pub const CLOCK_MODE_TIMENS: u32 = i32::MAX as u32;
