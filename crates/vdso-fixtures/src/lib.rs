// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Test inputs that several crates use, and the child processes in which they run tests.
//!
//! Objects and images are compiled from source when a test runs, by `rustc` and the `rust-lld` beside it; no other tool is
//! needed.

pub mod base;
pub mod child;
pub mod edit;
pub mod images;
pub mod mirror;
pub mod mutant;
pub mod object;
pub mod products;
pub mod toolchain;
pub mod trace;
