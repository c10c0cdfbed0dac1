// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The native tier: the built image, mapped with separate data pages, tested against the contract.
//!
//! One module for each subject. Tests of a clause begin with its id, and [`clauses`] sees to it that none is without.

mod clauses;
mod constant_time;
mod data_page;
mod differential;
mod entry;
mod every_instruction;
mod fork;
mod generation;
mod harness;
mod hygiene;
mod known_answers;
mod late_stores;
mod limits;
mod mapping;
mod odd_states;
mod prediction;
mod reentrancy;
mod residue;
mod soak;
mod spliced;
mod spliced_running;
mod time_namespace;
mod unwinding;
