// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The parts that depend on the processor: one directory for each architecture, all with the same modules.
//!
//! `linker` holds thread-local storage and weak symbols, `syscall` the system calls, `tag` the in-use tag of a slot,
//! `vdso` the name of the function.

#[cfg(all(target_arch = "x86_64", target_os = "linux", target_pointer_width = "64"))]
mod x86_64;
#[cfg(all(target_arch = "x86_64", target_os = "linux", target_pointer_width = "64"))]
pub use x86_64::{linker, syscall, tag, vdso};

#[cfg(not(all(target_arch = "x86_64", target_os = "linux", target_pointer_width = "64")))]
compile_error!("vgetrandom supports Linux on x86-64; another architecture is one more directory in src/arch");
