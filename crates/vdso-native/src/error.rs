// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Errors that keep an image from being mapped or called.

use std::path::PathBuf;

/// The image could not be mapped, or has no such function.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read as an image.
    #[error(transparent)]
    Image(#[from] vdso_link::Error),
    /// The image is not laid out as the kernel maps one.
    #[error(
        "{path}: {what}; wanted one PT_LOAD segment at address 0 and file offset 0: run `cargo xtask verify` on it"
    )]
    Segment {
        /// The image.
        path: PathBuf,
        /// Its actual value.
        what: String,
    },
    /// The operating system refused memory.
    #[error("{path}: cannot map {what}: {reason}")]
    Map {
        /// The image.
        path: PathBuf,
        /// The part that could not be mapped.
        what: &'static str,
        /// The error of the operating system.
        reason: rustix::io::Errno,
    },
    /// A symbol is missing.
    #[error("{path}: no function {name}; `readelf --dyn-syms --syms -W` lists what there is")]
    NoFunction {
        /// The image.
        path: PathBuf,
        /// The symbol.
        name: String,
    },
    /// The running kernel's image is not there, or not as known here.
    #[error("the running kernel: {0}")]
    Running(String),
}
