// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The constants and layouts of the vDSO `getrandom()` ABI: structures with layout asserts, sizes, flags, numbers and names.
//!
//! The other crates use them directly, and the C glue by a generated header.
#![no_std]

pub mod exports;
pub mod flags;
pub mod note;
pub mod rng_data;
pub mod routines;
pub mod state;
pub mod syscall;

/// Size of a page of memory on x86-64, in bytes.
pub const PAGE_SIZE: usize = 4096;
