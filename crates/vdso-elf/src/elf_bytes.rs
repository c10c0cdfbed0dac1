// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The bytes of an ELF file with its name: the body that an object and an image share.

use crate::error::Error;
use crate::file::read_whole;
use crate::parser::{ElfFile, parse};
use std::path::{Path, PathBuf};

/// A complete ELF64 little-endian file for x86-64, with the name that messages give it.
#[derive(Clone, Debug)]
pub struct ElfBytes {
    path: PathBuf,
    data: Vec<u8>,
}

impl ElfBytes {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be read, [`Error::Malformed`] if it is not such an ELF file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::from_bytes(path, read_whole(path)?)
    }

    /// Takes the bytes of a file; `path` is its name in messages.
    ///
    /// # Errors
    /// [`Error::Malformed`] if they are not such an ELF file.
    pub fn from_bytes(path: &Path, data: Vec<u8>) -> Result<Self, Error> {
        parse(path, &data)?;
        Ok(Self { path: path.into(), data })
    }

    /// The name of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes of the file.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The parsed file.
    ///
    /// # Errors
    /// [`Error::Malformed`], which [`from_bytes`](Self::from_bytes) has already excluded.
    pub fn elf(&self) -> Result<ElfFile<'_>, Error> {
        parse(&self.path, &self.data)
    }
}
