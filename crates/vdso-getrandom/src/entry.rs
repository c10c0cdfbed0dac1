// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The exported functions, which only turn arguments into typed views.

use crate::getrandom::{getrandom, system_call};
use crate::output::Output;
use crate::state::State;
use core::arch::global_asm;
use vdso_abi::flags::{STATE_MMAP_FLAGS, STATE_MMAP_PROT};
use vdso_abi::state::{STATE_LEN, VgetrandomOpaqueParams};

// Weak short names, as each export of the kernel's vDSO has one.
global_asm!(
    ".weak vgetrandom",
    ".set vgetrandom, __vdso_vgetrandom",
    ".weak getrandom",
    ".set getrandom, __vdso_getrandom",
    options(att_syntax)
);

/// `getrandom(2)` in user space, with a state from `vgetrandom_alloc`.
///
/// `buffer`, `len` in bytes and `flags` are those of `getrandom(2)`, as is the return value: the number of bytes, or a
/// negative error number. `opaque_state` is one state, or null for a plain system call.
///
/// # Safety
/// `buffer` is writable for `len` bytes, `opaque_state` is null or writable for a state, and no other thread uses that
/// state at the same time. A signal handler of the same thread may.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __vdso_vgetrandom(buffer: *mut u8, len: usize, flags: u32, opaque_state: *mut u8) -> isize {
    getrandom(Output::new(buffer, len), flags, State::new(opaque_state))
}

/// `getrandom(2)` in user space, as C libraries call it since Linux 6.11: with the length of the state, and a size probe.
///
/// The size probe is `__vdso_getrandom(NULL, 0, 0, params, ~0)`: it writes a [`VgetrandomOpaqueParams`] and returns 0.
///
/// # Safety
/// As for [`__vdso_vgetrandom`]; for the size probe, `opaque_state` is writable for a [`VgetrandomOpaqueParams`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __vdso_getrandom(
    buffer: *mut u8,
    len: usize,
    flags: u32,
    opaque_state: *mut u8,
    opaque_len: usize,
) -> isize {
    // E1: compare all four arguments, because a length of ~0 alone is only a wrong length (E3).
    if opaque_len == usize::MAX && buffer.is_null() && len == 0 && flags == 0 {
        // SAFETY: the caller of the size probe passes memory for the answer, at any alignment.
        unsafe { opaque_state.cast::<VgetrandomOpaqueParams>().write_unaligned(PARAMS) };
        return 0;
    }
    let output = Output::new(buffer, len);
    // E3: check the length before the address, because memory of another length is not a state.
    if opaque_len != STATE_LEN {
        return system_call(output, flags);
    }
    getrandom(output, flags, State::new(opaque_state))
}

/// The answer of the size probe. E2: these flags alone guarantee that a fork wipes the state of the child.
const PARAMS: VgetrandomOpaqueParams = VgetrandomOpaqueParams {
    size_of_opaque_state: STATE_LEN as u32,
    mmap_prot: STATE_MMAP_PROT,
    mmap_flags: STATE_MMAP_FLAGS,
    reserved: [0; 13],
};
