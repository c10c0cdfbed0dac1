// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Stops a call into a vDSO at every instruction, makes there happen what can happen, and looks for bytes that come twice.
//!
//! A [`Subject`] is an image beside data pages of its own, or the running kernel's vDSO. [`inject`] takes each [`case`] of it,
//! and for each [`Event`] and each instruction makes one run: a state that was never used, the call, the event, and a few
//! calls afterwards. Each run is judged by itself ([`judge`]), and all that was returned is compared across runs.

pub mod abandon;
pub mod accesses;
pub mod bench;
pub mod board;
pub mod campaign;
pub mod canary;
pub mod case;
mod error;
pub mod event;
pub mod filter;
pub mod judge;
pub mod labels;
pub mod ledger;
pub mod plan;
pub mod record;
pub mod registers;
pub mod report;
pub mod run;
pub mod shared;
pub mod signals;
pub mod step;
pub mod subject;
pub mod syscalls;
pub mod text;
pub mod timer;
pub mod trace;
pub mod words;
mod worker;

pub use campaign::{Options, inject};
pub use error::Error;
pub use event::Event;
pub use plan::Effort;
pub use report::Report;
pub use subject::Subject;
