// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The AVX2 routines: eight blocks at a time, one word of all eight in each register.

use super::constants::{LANES_AVX2, ROTATE_8, ROTATE_16};
use super::{DOUBLE_ROUNDS, SIGMA};
use core::arch::naked_asm;
use core::mem::offset_of;
use vdso_abi::state::{GROUP_BLOCKS, VgetrandomState};

/// The body of a naked function: the macros, one assembly file, and the operands of that file.
macro_rules! routine {
    ($file:literal, $($operand:tt)*) => {
        naked_asm!(
            include_str!("macros_avx2.s"),
            include_str!("store_avx2.s"),
            include_str!($file),
            key = const offset_of!(VgetrandomState, key),
            scratch = const offset_of!(VgetrandomState, batch),
            double_rounds = const DOUBLE_ROUNDS,
            sigma0 = const SIGMA[0],
            sigma1 = const SIGMA[1],
            sigma2 = const SIGMA[2],
            sigma3 = const SIGMA[3],
            lanes = sym LANES_AVX2,
            rotate16 = sym ROTATE_16,
            rotate8 = sym ROTATE_8,
            $($operand)*,
            options(att_syntax)
        )
    };
}

/// Makes `groups` groups of blocks from block `counter` on, to `out`.
///
/// # Safety
/// `out` is writable for `groups` groups, `state` for a state, whose batch is lost; the processor has AVX2.
#[unsafe(naked)]
pub unsafe extern "sysv64" fn chacha20_generate_avx2(
    out: *mut u8,
    state: *mut VgetrandomState,
    counter: u64,
    groups: usize,
) {
    routine!("generate_avx2.s", blocks = const GROUP_BLOCKS)
}

/// Writes one group from block `counter` on over key and batch; returns the number of blocks, or 0 if the state lost its tag.
///
/// Checks that the word of the state is still `in_use` after the last load of the key and before the first store. If the
/// check fails, nothing of the group is stored.
///
/// # Safety
/// `state` is writable for a state; the processor has AVX2.
#[unsafe(naked)]
pub unsafe extern "sysv64" fn chacha20_refill_avx2(state: *mut VgetrandomState, counter: u64, in_use: u64) -> u64 {
    routine!("refill_avx2.s", word = const offset_of!(VgetrandomState, word), blocks = const GROUP_BLOCKS)
}
