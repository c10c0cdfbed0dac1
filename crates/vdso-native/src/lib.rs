// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Maps a vDSO image with separate data pages and calls it.
//!
//! The kernel maps its image once for each process, with pages in front that it alone writes. [`NativeImage`] does the same
//! in user space, so that its holder acts as the kernel: it owns generation, readiness, cipher and clock mode.

mod cpu;
mod data_pages;
mod error;
mod image;
mod registers;
mod reservation;
mod running;
pub mod stepping;
mod symbols;

pub use cpu::{CpuLevel, cpu_levels};
pub use data_pages::DataPages;
pub use error::Error;
pub use image::{Getrandom, NativeImage, Vgetrandom};
pub use registers::Registers;
pub use running::RunningImage;
