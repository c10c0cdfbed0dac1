// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The catalogue of protocols that must fail, each with the exact classes of violations that it shows.

mod bounds;
mod control;
mod controls;
mod edge;
mod equivalent;

pub use control::Control;
pub use controls::CONTROLS;
pub use edge::{LEFT_OPEN, WHAT_IF};
pub use equivalent::{EQUIVALENT, INEXPRESSIBLE};
