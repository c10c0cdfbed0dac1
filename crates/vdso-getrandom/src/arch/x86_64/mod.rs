// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! x86-64: addresses of the shared data, the system call, the state's word, and ChaCha20.

pub mod address;
pub mod chacha20;
pub mod syscall;
pub mod word;
