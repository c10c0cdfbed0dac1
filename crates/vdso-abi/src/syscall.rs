// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! System calls and error numbers of Linux on x86-64.

/// `getrandom(2)` (Linux `arch/x86/entry/syscalls/syscall_64.tbl`).
pub const NR_GETRANDOM: usize = 318;

/// The greatest count that one `getrandom(2)` returns: `INT_MAX` rounded down to whole pages (Linux `lib/iov_iter.c`,
/// `MAX_RW_COUNT` in `include/linux/fs.h`).
pub const MAX_RW_COUNT: usize = i32::MAX as usize & !(crate::PAGE_SIZE - 1);
