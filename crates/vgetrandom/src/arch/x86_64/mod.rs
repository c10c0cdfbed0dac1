// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! x86-64.

pub mod linker;
pub mod syscall;
pub mod tag;
pub mod vdso;
