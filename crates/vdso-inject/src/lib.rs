// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Stops a call into a vDSO at every instruction, makes an event happen there, and searches for repeated bytes.
//!
//! A [`Target`] is an image with separate data pages, or the running kernel's vDSO. [`inject`] takes each [`case`] of it,
//! and for each [`Event`] and each instruction makes one run: a state that was never used, the call, the event, and a few
//! calls afterwards. Each run is checked alone ([`judge`]), and the returned bytes of all runs are compared.

pub mod abandoned;
pub mod accesses;
pub mod campaign;
pub mod canary;
pub mod case;
pub mod duplicates;
mod error;
pub mod event;
pub mod filter;
pub mod harness;
pub mod judge;
pub mod kernel;
pub mod labels;
pub mod plan;
pub mod progress;
pub mod record;
pub mod report;
pub mod run;
pub mod shared;
pub mod signals;
pub mod step;
pub mod syscalls;
pub mod target;
pub mod text;
pub mod timer;
pub mod trace;
mod worker;

pub use campaign::{Options, inject};
pub use error::Error;
pub use event::Event;
pub use plan::Effort;
pub use report::Report;
pub use target::Target;
pub use vdso_native::Registers;
