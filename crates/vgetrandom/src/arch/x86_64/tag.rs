// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The in-use tag: bit 0 of a word, set by one instruction that also tells whether it was set.

use core::arch::asm;
use core::sync::atomic::AtomicU64;

/// Sets bit 0 of `word`; returns whether it was clear.
///
/// One instruction, so that a signal handler runs before it or after it. It has no `lock` prefix: other threads never touch
/// the word of a slot in use, and the prefix costs more than the rest of a short draw.
#[inline(always)]
pub fn take(word: &AtomicU64) -> bool {
    let was_set: u8;
    // SAFETY: the word is valid for writes through its atomic interior; the block clobbers memory, so that the compiler
    // moves no access to the state before it.
    unsafe {
        asm!(
            "bts qword ptr [{word}], 0",
            "setc {was_set}",
            word = in(reg) word.as_ptr(),
            was_set = out(reg_byte) was_set,
            options(nostack)
        );
    }
    was_set == 0
}
