// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A vDSO image before any check.

use crate::elf_bytes::ElfBytes;
use crate::error::Error;
use crate::notes::linux_version;
use object::{Object as _, ObjectSymbol as _};
use std::ops::Deref;
use std::path::Path;

/// A finished vDSO image as read from a file or from memory.
#[derive(Clone, Debug)]
pub struct Image(ElfBytes);

impl Image {
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

    /// Whether the dynamic symbol table defines `name`.
    ///
    /// # Errors
    /// As [`ElfBytes::elf`].
    pub fn exports(&self, name: &str) -> Result<bool, Error> {
        let elf = self.elf()?;
        Ok(elf.dynamic_symbols().any(|symbol| symbol.is_definition() && symbol.name() == Ok(name)))
    }

    /// `LINUX_VERSION_CODE` of the kernel that the image was built with, if a note contains it.
    pub fn linux_version(&self) -> Option<u32> {
        linux_version(&self.elf().ok()?)
    }
}

impl Deref for Image {
    type Target = ElfBytes;

    fn deref(&self) -> &ElfBytes {
        &self.0
    }
}
