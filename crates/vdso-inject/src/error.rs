// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Errors that keep a target from being tested.

use std::io;

/// Why a target cannot be tested.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The image cannot be read.
    #[error(transparent)]
    Image(#[from] vdso_link::Error),
    /// The image cannot be mapped, or the running kernel's cannot be found.
    #[error(transparent)]
    Native(#[from] vdso_native::Error),
    /// The operating system refused something.
    #[error("{what}: {reason}")]
    System {
        /// The request.
        what: &'static str,
        /// The error of the operating system.
        reason: io::Error,
    },
    /// The target cannot be used.
    #[error("{0}")]
    Target(String),
    /// The options exclude every case.
    #[error("{0}")]
    NothingToTry(String),
}

impl Error {
    /// For `map_err` on what the operating system refused.
    pub(crate) fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |reason| Self::System { what, reason }
    }

    /// The error that the C library has noted.
    pub(crate) fn last(what: &'static str) -> Self {
        Self::System { what, reason: io::Error::last_os_error() }
    }
}
