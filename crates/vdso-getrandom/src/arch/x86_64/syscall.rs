// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The one system call of the object.

use core::arch::asm;
use vdso_abi::syscall::NR_GETRANDOM;

/// `getrandom(2)`: `len` bytes to `buffer` under `flags`. Returns the number of bytes or a negative error number.
///
/// Never inlined, so that the object has one `syscall` instruction to review.
#[inline(never)]
pub fn getrandom(buffer: *mut u8, len: usize, flags: u32) -> isize {
    let result: isize;
    // SAFETY: the kernel checks the range itself; it writes nothing but the buffer, and clobbers `rcx` and `r11`.
    unsafe {
        asm!("syscall",
             inlateout("rax") NR_GETRANDOM => result,
             in("rdi") buffer, in("rsi") len, in("rdx") flags,
             lateout("rcx") _, lateout("r11") _,
             options(att_syntax, nostack));
    }
    result
}
