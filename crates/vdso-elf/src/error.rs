// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Failures: a file that cannot be read, is malformed, or is refused.

use crate::printable::printable;
use std::path::{Path, PathBuf};

/// The work could not be done; a broken rule is a finding in a report instead.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {reason}", shown(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        reason: std::io::Error,
    },
    /// A file is not what it must be to be looked at: no ELF, another machine, cut short.
    #[error("{}: at offset {offset:#x}: {}; wanted {wanted}", shown(path), printable(what))]
    Malformed {
        /// The file, or the name of the image.
        path: PathBuf,
        /// Where in the file, in bytes.
        offset: u64,
        /// The bytes or value found there.
        what: String,
        /// The expected bytes or value, and the next step if there is one.
        wanted: String,
    },
    /// An image cannot take the splice, or an object cannot be placed.
    #[error("{}: {}; {next}", shown(path), printable(what))]
    Refused {
        /// The file, or the name of the image.
        path: PathBuf,
        /// The reason.
        what: String,
        /// The next step for the user.
        next: String,
    },
}

/// The name of a file as it can be printed.
fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}
