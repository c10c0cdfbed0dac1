// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Objects and images that the tests of several crates start from.
//!
//! They are compiled from source when a test runs, by `rustc` and the `rust-lld` beside it; no other tool is needed.

pub mod base;
pub mod edit;
pub mod images;
pub mod object;
pub mod toolchain;
