// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The library held against docs/client-contract.md, a module for each subject. The names of the tests begin with clauses.
//!
//! Each runs with the vDSO of the running kernel, with the image of this project, and with the system call alone. System calls
//! are counted by a tracer, never assumed.

mod abandoned;
mod clauses;
mod facts;
mod forks;
mod limits;
mod memory;
mod results;
mod signals;
mod stepping;
mod support;
mod threads;
