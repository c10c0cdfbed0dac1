// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Fuzz targets for `vdso-link`: their inputs, and the properties that must hold for every input.
//!
//! An input is a [`Recipe`]: a good file and edits at named places of it. So a few changed bytes reach deep into the rules,
//! and a kept input is readable and contains no byte of the good file. The good files, [`Seeds`], are made at run time. A
//! [`Target`] is an operation on files that may come from an attacker.
//!
//! `fuzz/` runs the targets under libFuzzer, in a separate workspace; `tests/replay.rs` runs the kept inputs.

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
