// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Finds the vDSO, its function, and how to map states for it.

mod auxiliary;
mod image;
mod probe;

pub use auxiliary::vdso_base;
pub use image::find_function;
pub use probe::probe;
