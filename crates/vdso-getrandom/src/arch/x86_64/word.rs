// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The state's word of generation and mark, each access one instruction: a signal finds it before or after, never between.
//!
//! No `lock` prefix, because only a handler on the same thread and the kernel's wipes interfere. None of the accesses is
//! marked `nomem`, so the compiler keeps every other access on its side.

use core::arch::asm;
use core::mem::offset_of;
use vdso_abi::state::{FETCHING, VgetrandomState};

/// Where the word lies in a state: as an offset in the instruction it takes no register of the caller's.
const WORD: usize = offset_of!(VgetrandomState, word);

/// What the word says.
pub fn load(state: *const VgetrandomState) -> u64 {
    let value;
    // SAFETY: the caller of the exported function vouches for the state; reads eight bytes at any alignment.
    unsafe {
        asm!("movq {word}({state}), {value}", word = const WORD, state = in(reg) state, value = lateout(reg) value,
             options(att_syntax, nostack, preserves_flags));
    }
    value
}

/// Makes the word say `value`.
pub fn store(state: *mut VgetrandomState, value: u64) {
    // SAFETY: as in `load`; writes eight bytes at any alignment.
    unsafe {
        asm!("movq {value}, {word}({state})", word = const WORD, state = in(reg) state, value = in(reg) value,
             options(att_syntax, nostack, preserves_flags));
    }
}

/// Turns "idle" into "in use" under the same generation, and leaves a wiped word 0.
pub fn take(state: *mut VgetrandomState) {
    // SAFETY: as in `store`.
    unsafe { asm!("andq $-2, {word}({state})", word = const WORD, state = in(reg) state, options(att_syntax, nostack)) }
}

/// Turns "key is being fetched" into "in use" under the same generation, and leaves a wiped word 0.
pub fn keyed(state: *mut VgetrandomState) {
    // SAFETY: as in `store`.
    unsafe {
        asm!("btrq ${bit}, {word}({state})", bit = const FETCHING.trailing_zeros(), word = const WORD,
             state = in(reg) state, options(att_syntax, nostack));
    }
}

/// Turns "in use" into "idle" under the same generation, and a wiped word into idle of generation 0.
pub fn release(state: *mut VgetrandomState) {
    // SAFETY: as in `store`.
    unsafe { asm!("orq $1, {word}({state})", word = const WORD, state = in(reg) state, options(att_syntax, nostack)) }
}
