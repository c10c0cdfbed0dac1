// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `getrandom()` for the Linux vDSO, as one relocatable object.
//!
//! [`entry`] turns pointers into typed views, [`getrandom`] is the algorithm, [`arch`] is the code for one processor
//! architecture. Comments name the clauses of `docs/contract.md` by id (`K2`, `R1`, …).
//!
//! `no_builtins` keeps the compiler from turning a loop into a call of `memcpy` or `memset`: that call would need a
//! relocation, which no loader resolves in a vDSO.
#![no_std]
#![no_builtins]
#![deny(unsafe_code)]

#[expect(unsafe_code, reason = "assembly, and addresses that only the linker knows")]
mod arch;
#[expect(unsafe_code, reason = "volatile reads of memory that the kernel writes")]
mod data_page;
#[expect(unsafe_code, reason = "the exported symbols, called from outside of Rust")]
pub mod entry;
mod getrandom;
#[expect(unsafe_code, reason = "writes through the caller's pointer")]
mod output;
#[expect(unsafe_code, reason = "the state is reached through the caller's pointer, at any alignment")]
mod state;
