// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The ELF note by which the glue publishes the number of the system call `vgetrandom_alloc`.
//!
//! A caller that has found `__vdso_vgetrandom` reads this note from the `PT_NOTE` segment of the image. It must not assume a
//! number, because the free number differs between kernel series.

/// Owner name of the note, without the terminating NUL.
pub const OWNER: &str = "vgetrandom";

/// Type of the note whose descriptor is the system call number, one 32-bit value.
pub const TYPE_ALLOC_NR: u32 = 1;
