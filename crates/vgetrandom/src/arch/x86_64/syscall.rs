// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! System calls, without a C library: they set no `errno` and are no cancellation points.

use core::arch::asm;

/// Numbers (Linux `arch/x86/entry/syscalls/syscall_64.tbl`).
pub mod number {
    /// `read(2)`.
    pub const READ: usize = 0;
    /// `close(2)`.
    pub const CLOSE: usize = 3;
    /// `mmap(2)`.
    pub const MMAP: usize = 9;
    /// `munmap(2)`.
    pub const MUNMAP: usize = 11;
    /// `prctl(2)`.
    pub const PRCTL: usize = 157;
    /// `openat(2)`.
    pub const OPENAT: usize = 257;
    /// `getrandom(2)`.
    pub const GETRANDOM: usize = 318;
}

/// Makes a system call; returns a result or a negative errno.
///
/// # Safety
/// The arguments are valid for the system call `number`, and it leaves this program's memory valid.
pub unsafe fn system_call(number: usize, arguments: [usize; 6]) -> isize {
    let [a, b, c, d, e, f] = arguments;
    let returned;
    // SAFETY: the caller's promise; the kernel changes rax, rcx, r11 and the memory that the arguments name.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => returned,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
            in("r9") f,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack)
        );
    }
    returned
}
