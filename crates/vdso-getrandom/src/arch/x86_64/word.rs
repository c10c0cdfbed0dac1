// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The state's word of generation and in-use tag. Each access is one instruction: a signal comes before or after it.
//!
//! No `lock` prefix, because only a handler on the same thread and the kernel's wipes interfere. None of the accesses is
//! marked `nomem`, so the compiler keeps every other access on its side.

use core::arch::asm;
use core::mem::offset_of;
use vdso_abi::state::VgetrandomState;

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

/// Turns "idle" into "in use" under the same generation; returns whether the word said "idle". Otherwise nothing changes.
pub fn take(state: *mut VgetrandomState) -> bool {
    // SAFETY: as in `store`. The carry flag is the bit that the instruction found.
    unsafe {
        asm!("btrq $0, {word}({state})", "jnc {missed}", word = const WORD, state = in(reg) state,
             missed = label { return false }, options(att_syntax, nostack));
    }
    true
}

/// Turns "in use" into "idle" under the same generation, and a wiped word into idle of generation 0.
pub fn release(state: *mut VgetrandomState) {
    // SAFETY: as in `store`.
    unsafe { asm!("orq $1, {word}({state})", word = const WORD, state = in(reg) state, options(att_syntax, nostack)) }
}

/// Makes the word say `new` if it says `old`, and returns whether it did.
pub fn exchange(state: *mut VgetrandomState, old: u64, new: u64) -> bool {
    let found: u64;
    // SAFETY: as in `store`; where the word differs, the instruction writes it back as it is.
    unsafe {
        asm!("cmpxchgq {new}, {word}({state})", new = in(reg) new, word = const WORD, state = in(reg) state,
             inlateout("rax") old => found, options(att_syntax, nostack));
    }
    found == old
}
