// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Addresses of the data pages. The linker script of each kernel defines the three symbols.
//!
//! Assembly takes the addresses, because the compiler would access an external symbol through the GOT.

use core::arch::{asm, global_asm};
use vdso_abi::rng_data::VdsoRngData;

/// The address of a hidden symbol. The name is a literal, because `asm!` takes no constant, and one of
/// `vdso_abi::exports::DATA_SYMBOLS`, because vdso-link rejects every other name.
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

/// `struct vdso_data` in the default data page.
pub fn vdso_data() -> *const u8 {
    address_of!("vvar__vdso_data")
}

/// The rng data in the default data page.
pub fn rng_data() -> *const VdsoRngData {
    address_of!("vvar__vdso_rng_data").cast()
}

/// The rng data of a process in a time namespace: its offset in the time-namespace data page equals that in the default
/// data page.
///
/// Some kernel series do not exchange the page of the rng data in a time namespace. Their linker script gives both symbols one
/// value, and this is the default data page again.
pub fn timens_rng_data() -> *const VdsoRngData {
    let offset = rng_data().addr().wrapping_sub(vdso_data().addr());
    address_of!("timens__vdso_data").wrapping_byte_add(offset).cast()
}
