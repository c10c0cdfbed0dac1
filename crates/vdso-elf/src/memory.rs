// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The bytes of the load segment, by address.

use crate::parser::ElfFile;
use object::LittleEndian as LE;
use object::elf::{PT_LOAD, ProgramHeader64, ProgramType};
use object::pod::Pod;
use std::ops::Range;

/// The longest string that is read, in bytes. C++ writes out the types in its names.
const LONGEST_STRING: usize = 1 << 14;

/// The mapped bytes of an image by address.
#[derive(Clone, Copy, Debug)]
pub struct Memory<'data> {
    bytes: &'data [u8],
    address: u64,
}

impl<'data> Memory<'data> {
    /// The first `PT_LOAD`, as far as the file goes. Without one there is no memory: every access answers `None`.
    pub fn of(elf: &ElfFile<'data>) -> Self {
        segments(elf, PT_LOAD).next().map_or(Self { bytes: &[], address: 0 }, |load| Self {
            bytes: file_bytes(elf.data(), load),
            address: load.p_vaddr.get(LE),
        })
    }

    /// All addresses that can be read.
    pub fn range(&self) -> Range<u64> {
        self.address..self.address.saturating_add(self.bytes.len() as u64)
    }

    /// `length` bytes from `address` on.
    pub fn bytes(&self, address: u64, length: u64) -> Option<&'data [u8]> {
        self.from(address)?.get(..usize::try_from(length).ok()?)
    }

    /// Everything from `address` to the end of the segment.
    pub fn from(&self, address: u64) -> Option<&'data [u8]> {
        self.bytes.get(usize::try_from(address.checked_sub(self.address)?).ok()?..)
    }

    /// One value of a fixed layout.
    pub fn value<T: Pod>(&self, address: u64) -> Option<&'data T> {
        Some(object::pod::from_bytes(self.from(address)?).ok()?.0)
    }

    /// `count` values of a fixed layout.
    pub fn array<T: Pod>(&self, address: u64, count: u64) -> Option<&'data [T]> {
        Some(object::pod::slice_from_bytes(self.from(address)?, usize::try_from(count).ok()?).ok()?.0)
    }

    /// The string that begins at `address`, without its NUL; one that is longer than any name is none.
    pub fn string(&self, address: u64) -> Option<&'data [u8]> {
        let bytes = self.from(address)?;
        let bytes = &bytes[..bytes.len().min(LONGEST_STRING)];
        bytes.get(..bytes.iter().position(|&byte| byte == 0)?)
    }
}

/// The program headers of a type, in the order of the table.
pub fn segments<'data>(
    elf: &ElfFile<'data>,
    kind: ProgramType,
) -> impl Iterator<Item = &'data ProgramHeader64<LE>> + use<'data> {
    elf.elf_program_headers().iter().filter(move |segment| segment.p_type.get(LE) == kind)
}

/// The bytes of a segment, as far as the file goes.
pub fn file_bytes<'data>(data: &'data [u8], segment: &ProgramHeader64<LE>) -> &'data [u8] {
    let start = usize::try_from(segment.p_offset.get(LE)).unwrap_or(usize::MAX).min(data.len());
    let length = usize::try_from(segment.p_filesz.get(LE)).unwrap_or(usize::MAX).min(data.len() - start);
    &data[start..start + length]
}
