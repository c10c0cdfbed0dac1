// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Where the shared data lies. The linker script of each kernel gives the three symbols their values.
//!
//! The addresses are taken in assembly, because the compiler would reach an external symbol through the GOT.

use core::arch::{asm, global_asm};
use vdso_abi::rng_data::VdsoRngData;

/// The address of a hidden symbol: a literal, because nothing else enters assembly, and one of
/// `vdso_abi::exports::DATA_SYMBOLS`, because vdso-link lets no other name pass.
macro_rules! address_of {
    ($symbol:literal) => {{
        let address: *const u8;
        // SAFETY: computes an address, and touches no memory, stack or flag.
        unsafe {
            asm!(concat!("leaq ", $symbol, "(%rip), {}"), out(reg) address,
                 options(att_syntax, pure, nomem, nostack, preserves_flags));
        }
        address
    }};
}

global_asm!(".hidden vvar__vdso_data", ".hidden timens__vdso_data", ".hidden vvar__vdso_rng_data", options(att_syntax));

/// `struct vdso_data` at its usual place.
pub fn vdso_data() -> *const u8 {
    address_of!("vvar__vdso_data")
}

/// The rng data at its usual place.
pub fn rng_data() -> *const VdsoRngData {
    address_of!("vvar__vdso_rng_data").cast()
}

/// The rng data of a process in a time namespace: as far into the time-namespace page as it usually is into the data page.
///
/// Where a kernel keeps the rng data out of the swap, its linker script gives both pages one value, and this is the usual
/// place again.
pub fn timens_rng_data() -> *const VdsoRngData {
    let offset = rng_data().addr().wrapping_sub(vdso_data().addr());
    address_of!("timens__vdso_data").wrapping_byte_add(offset).cast()
}
