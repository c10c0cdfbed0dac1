// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The relocatable object, before and after the check.

use crate::{Error, Report};
use std::path::{Path, PathBuf};

/// A relocatable object as read, of which nothing is known but that it is an ELF file.
#[derive(Clone, Debug)]
pub struct Object {
    path: PathBuf,
    data: Vec<u8>,
}

/// An object that kept every rule. Only [`check()`](crate::check()) makes one.
#[derive(Debug)]
pub struct CheckedObject {
    object: Object,
    report: Report,
}

/// The parser of `object` for the one kind of file that we accept.
pub type ElfFile<'data> = object::read::elf::ElfFile64<'data, object::LittleEndian>;

impl Object {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be read, [`Error::Malformed`] where it is no ELF64 little-endian file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let data = std::fs::read(path).map_err(|reason| Error::Io { path: path.into(), reason })?;
        Self::from_bytes(path, data)
    }

    /// Takes the bytes of a file; `path` is its name in messages.
    ///
    /// # Errors
    /// [`Error::Malformed`] where they are no ELF64 little-endian file.
    pub fn from_bytes(path: &Path, data: Vec<u8>) -> Result<Self, Error> {
        let object = Self { path: path.into(), data };
        object.elf()?;
        Ok(object)
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
    /// [`Error::Malformed`], which [`from_bytes`](Self::from_bytes) has ruled out already.
    pub fn elf(&self) -> Result<ElfFile<'_>, Error> {
        crate::error::parse(&self.path, &self.data)
    }
}

impl CheckedObject {
    /// Binds an object to the report that lets it pass.
    pub(crate) fn new(object: Object, report: Report) -> Self {
        debug_assert!(report.passed());
        Self { object, report }
    }

    /// The object itself.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// What was looked at.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What was looked at, for whoever wants nothing else.
    pub fn into_report(self) -> Report {
        self.report
    }
}
