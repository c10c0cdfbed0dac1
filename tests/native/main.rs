// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The native tier: the built image, mapped beside data pages of its own, held against the contract.
//!
//! One module for each subject. Tests of a clause bear its id. Clauses without a test here need an event at a chosen
//! instruction (R3, K7 between check and release), a kernel (A1–A6), or can only be seen in the code (K3, M1, S1).

mod constant_time;
mod differential;
mod entry;
mod fork;
mod generation;
mod harness;
mod hygiene;
mod known_answers;
mod limits;
mod mapping;
mod prediction;
mod reentrancy;
mod residue;
mod soak;
mod time_namespace;
mod unwinding;
