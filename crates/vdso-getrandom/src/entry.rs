// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The exported functions: arguments become typed views here, and nothing else happens.

use crate::getrandom::{getrandom, system_call};
use crate::output::Output;
use crate::state::State;
use core::arch::global_asm;
use vdso_abi::flags::{STATE_MMAP_FLAGS, STATE_MMAP_PROT};
use vdso_abi::state::{STATE_LEN, VgetrandomOpaqueParams};

// The short names, as every export of the kernel's own vDSO has one.
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

/// `getrandom(2)` in user space, as libcs call it since Linux 6.11: with the size of the state, and with a probe for it.
///
/// The probe is `__vdso_getrandom(NULL, 0, 0, params, ~0)`: it writes a [`VgetrandomOpaqueParams`] and returns 0.
///
/// # Safety
/// As for [`__vdso_vgetrandom`]; for the probe, `opaque_state` is writable for a [`VgetrandomOpaqueParams`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __vdso_getrandom(
    buffer: *mut u8,
    len: usize,
    flags: u32,
    opaque_state: *mut u8,
    opaque_len: usize,
) -> isize {
    // E1: all four arguments, because a length of ~0 alone is merely a wrong one (E3).
    if opaque_len == usize::MAX && buffer.is_null() && len == 0 && flags == 0 {
        // SAFETY: the caller of the probe hands in room for the answer, at any alignment.
        unsafe { opaque_state.cast::<VgetrandomOpaqueParams>().write_unaligned(PARAMS) };
        return 0;
    }
    let output = Output::new(buffer, len);
    // E3, the length first: memory of another length is no state, wherever it ends.
    if opaque_len != STATE_LEN {
        return system_call(output, flags);
    }
    getrandom(output, flags, State::new(opaque_state))
}

/// The answer of the probe. E2: these flags alone guarantee a state that is wiped in the child of a fork.
const PARAMS: VgetrandomOpaqueParams = VgetrandomOpaqueParams {
    size_of_opaque_state: STATE_LEN as u32,
    mmap_prot: STATE_MMAP_PROT,
    mmap_flags: STATE_MMAP_FLAGS,
    reserved: [0; 13],
};
