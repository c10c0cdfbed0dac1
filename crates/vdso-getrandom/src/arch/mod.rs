// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The code that depends on the processor: one directory for each architecture, all with the same modules.

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub use x86_64::{address, chacha20, syscall, word};
