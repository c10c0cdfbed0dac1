// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A proof, for every key and every counter, that the machine code of the cipher routines computes ChaCha20.
//!
//! The evaluator executes the instructions of a routine on terms instead of numbers ([`term`]); the specification makes the
//! same terms from RFC 8439 ([`spec`]). Equal terms are stored once, so that the comparison is one of numbers, and no solver
//! is needed. The claims are those of [`fault::Claim`].

pub mod claims;
pub mod count;
pub mod fault;
mod features;
mod find;
pub mod finding;
pub mod hot_path;
pub mod load;
pub mod machine;
pub mod memory;
pub mod program;
pub mod report;
pub mod routine;
pub mod run;
pub mod spec;
pub mod step;
pub mod term;
