// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Names in the vDSO.

/// The function with five arguments (Linux `arch/x86/entry/vdso/vdso.lds.S`).
pub const GETRANDOM: &[u8] = b"__vdso_getrandom";

/// `e_machine` of the image (ELF x86-64 ABI supplement).
pub const MACHINE: u16 = 62;
