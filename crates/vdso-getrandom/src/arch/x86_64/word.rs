// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Accesses to the word of a state, which holds generation and in-use tag. Each is one instruction, so a signal arrives before
//! or after it.
//!
//! No `lock` prefix is needed: only handlers on the same thread and wipes by the kernel interfere. No access is marked
//! `nomem`, so the compiler moves no other access across it.

use core::arch::asm;
use core::mem::offset_of;
use vdso_abi::state::VgetrandomState;

/// Offset of the word in a state. As a displacement in the instruction it needs no register.
const WORD: usize = offset_of!(VgetrandomState, word);

/// Loads the word.
pub fn load(state: *const VgetrandomState) -> u64 {
    let value;
    // SAFETY: the caller of the exported function vouches for the state; reads eight bytes at any alignment.
    unsafe {
        asm!("movq {word}({state}), {value}", word = const WORD, state = in(reg) state, value = lateout(reg) value,
             options(att_syntax, nostack, preserves_flags));
    }
    value
}

/// Stores `value` in the word.
pub fn store(state: *mut VgetrandomState, value: u64) {
    // SAFETY: as in `load`; writes eight bytes at any alignment.
    unsafe {
        asm!("movq {value}, {word}({state})", word = const WORD, state = in(reg) state, value = in(reg) value,
             options(att_syntax, nostack, preserves_flags));
    }
}

/// Turns an idle word into the tag of the same generation; returns whether the word was idle. Otherwise nothing changes.
pub fn take(state: *mut VgetrandomState) -> bool {
    // SAFETY: as in `store`. The carry flag is the bit that the instruction found.
    unsafe {
        asm!("btrq $0, {word}({state})", "jnc {missed}", word = const WORD, state = in(reg) state,
             missed = label { return false }, options(att_syntax, nostack));
    }
    true
}

/// Turns the tag of a generation into the idle word of the same generation, and a wiped word into idle of generation 0.
pub fn release(state: *mut VgetrandomState) {
    // SAFETY: as in `store`.
    unsafe { asm!("orq $1, {word}({state})", word = const WORD, state = in(reg) state, options(att_syntax, nostack)) }
}

/// Replaces the word by `new` if it is `old`; returns whether it was.
pub fn exchange(state: *mut VgetrandomState, old: u64, new: u64) -> bool {
    let found: u64;
    // SAFETY: as in `store`; if the word differs, the instruction writes it back unchanged.
    unsafe {
        asm!("cmpxchgq {new}, {word}({state})", new = in(reg) new, word = const WORD, state = in(reg) state,
             inlateout("rax") old => found, options(att_syntax, nostack));
    }
    found == old
}
