// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What the fuzzer feeds to `vdso-link`, and what must hold whatever it feeds.
//!
//! An input is a [`Recipe`]: edits of a good file by symbolic place, so that a change of some bytes leads deep into the rules,
//! and an input that is kept says what it is about and holds no byte of the good file. The good files, [`Seeds`], are made at
//! run time. A [`Target`] is one of the doors through which files from strangers come.
//!
//! `fuzz/` runs the targets under libFuzzer, in a workspace of its own; `tests/replay.rs` runs what was found before.

pub mod corpus;
mod load;
mod places;
mod recipe;
mod seeds;
mod targets;

pub use load::load;
pub use recipe::Recipe;
pub use seeds::{Seed, Seeds};
pub use targets::Target;
