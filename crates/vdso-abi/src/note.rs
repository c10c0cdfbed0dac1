// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The ELF note by which our glue tells clients the number of `vgetrandom_alloc`.
//!
//! A client that has found `__vdso_vgetrandom` looks for this note in the `PT_NOTE` segment of the image; it never guesses
//! the number, because the one that is free differs between kernel lines.

/// Owner of the note, without its terminating NUL.
pub const OWNER: &str = "vgetrandom";

/// Type of the note whose descriptor is the system call number, one 32-bit value.
pub const TYPE_ALLOC_NR: u32 = 1;
