// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What could not be checked, linked or written at all.

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
        /// What the operating system said.
        reason: std::io::Error,
    },
    /// A file is not what it must be to be looked at: no ELF, another machine, cut short.
    #[error("{}: at offset {offset:#x}: {}; wanted {wanted}", shown(path), printable(what))]
    Malformed {
        /// The file, or the name of the image.
        path: PathBuf,
        /// Where in the file, in bytes.
        offset: u64,
        /// What stands there.
        what: String,
        /// What should stand there, and the next step where there is one.
        wanted: String,
    },
    /// An image cannot take the splice, or an object cannot be placed.
    #[error("{}: {}; {next}", shown(path), printable(what))]
    Refused {
        /// The file, or the name of the image.
        path: PathBuf,
        /// The reason.
        what: String,
        /// What the user can do.
        next: String,
    },
}

/// The name of a file as it can be printed.
fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}
