// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A relocatable object before any check.

use crate::elf_bytes::ElfBytes;
use crate::error::Error;
use std::ops::Deref;
use std::path::Path;

/// A relocatable object as read; only its ELF header is known to be right.
#[derive(Clone, Debug)]
pub struct Object(ElfBytes);

impl Object {
    /// Reads a file.
    ///
    /// # Errors
    /// As [`ElfBytes::read`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        ElfBytes::read(path).map(Self)
    }

    /// Takes the bytes of a file; `path` is its name in messages.
    ///
    /// # Errors
    /// As [`ElfBytes::from_bytes`].
    pub fn from_bytes(path: &Path, data: Vec<u8>) -> Result<Self, Error> {
        ElfBytes::from_bytes(path, data).map(Self)
    }
}

impl Deref for Object {
    type Target = ElfBytes;

    fn deref(&self) -> &ElfBytes {
        &self.0
    }
}
