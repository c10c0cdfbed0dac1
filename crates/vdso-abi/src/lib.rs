// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Facts of the vDSO `getrandom()` ABI, and nothing else: layouts with their asserts, sizes, flags, numbers and names.
//!
//! Every other crate, and through the generated header also the C glue, takes them from here.
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
