// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What keeps a subject from being put to the test.

use std::io;

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The image cannot be read.
    #[error(transparent)]
    Image(#[from] vdso_link::Error),
    /// The image cannot be mapped, or the running kernel's not be found.
    #[error(transparent)]
    Native(#[from] vdso_native::Error),
    /// The operating system refused something.
    #[error("{what}: {reason}")]
    System {
        /// What was wanted.
        what: &'static str,
        /// What the operating system said.
        reason: io::Error,
    },
    /// The subject is not what it should be.
    #[error("{0}")]
    Subject(String),
    /// Nothing is left to try.
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
