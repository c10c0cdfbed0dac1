// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Maps a vDSO image beside a data page of its own and calls it.
//!
//! The kernel maps its image once for each process, with pages in front that it alone writes. [`NativeImage`] does the same
//! in user space, so that whoever holds it plays the kernel's part: it owns generation, readiness, cipher and clock mode.

mod data_pages;
mod error;
mod image;
mod reservation;
mod running;
mod symbols;

pub use data_pages::DataPages;
pub use error::Error;
pub use image::{Getrandom, NativeImage, Vgetrandom};
pub use running::RunningImage;
