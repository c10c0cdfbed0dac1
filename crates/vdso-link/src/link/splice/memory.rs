// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The mapped bytes of the image to splice into, with an error for each access that leaves them.

use object::LittleEndian as LE;
use object::elf::{ET_DYN, FileHeader64, PT_LOAD, ProgramType};
use object::pod::Pod;
use std::ops::Range;
use vdso_elf::error::Error;
use vdso_elf::image::Image;
use vdso_elf::memory::segments;
use vdso_elf::parser::ElfFile;

/// The load segment of an image, in which addresses equal file offsets.
pub(super) struct Memory<'data> {
    image: &'data Image,
    /// The parsed file.
    pub(super) elf: ElfFile<'data>,
    /// The bytes of the one load segment.
    pub(super) loaded: &'data [u8],
    view: vdso_elf::memory::Memory<'data>,
}

impl<'data> Memory<'data> {
    /// Finds the load segment.
    ///
    /// # Errors
    /// [`Error::Malformed`] for another kind of file or one that is cut short, [`Error::Refused`] for segments that a
    /// kernel's vDSO does not have.
    pub(super) fn read(image: &'data Image) -> Result<Self, Error> {
        let elf = image.elf()?;
        let view = vdso_elf::memory::Memory::of(&elf);
        let mut memory = Self { image, elf, loaded: &[], view };
        let header = memory.elf.elf_header();
        let kind = header.e_type.get(LE);
        if kind != ET_DYN {
            return Err(memory.malformed(16, format!("e_type {kind:?}"), "ET_DYN, a shared object"));
        }
        memory.loaded = memory.load()?;
        Ok(memory)
    }

    /// Where the mapped bytes end.
    pub(super) fn end(&self) -> u64 {
        self.loaded.len() as u64
    }

    /// Where the first segment of a kind lies, which is inside the load segment.
    ///
    /// # Errors
    /// [`Error::Refused`] where there is none, [`Error::Malformed`] where it is not mapped.
    pub(super) fn segment(&self, kind: ProgramType) -> Result<Range<u64>, Error> {
        let Some(segment) = segments(&self.elf, kind).next() else {
            let next = "take the vDSO of a kernel; there is no room for another program header";
            return Err(self.refused(format!("no {kind:?}"), next));
        };
        let (address, size) = (segment.p_vaddr.get(LE), segment.p_memsz.get(LE));
        if segment.p_offset.get(LE) != address {
            let what = format!("{kind:?} at another offset than its address");
            return Err(self.malformed(address, what, "a segment whose address is its offset in the file"));
        }
        self.bytes(address, size, &format!("{kind:?}"))?;
        Ok(address..address + size)
    }

    /// Mapped bytes from `address` on.
    ///
    /// # Errors
    /// [`Error::Malformed`] where they leave the load segment; `what` names them.
    pub(super) fn bytes(&self, address: u64, length: u64, what: &str) -> Result<&'data [u8], Error> {
        self.view.bytes(address, length).ok_or_else(|| {
            let wanted = format!("a place inside PT_LOAD, which ends at {:#x}", self.end());
            self.malformed(address, format!("{what}, {length:#x} bytes, is not mapped"), wanted)
        })
    }

    /// One mapped value of a fixed layout.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub(super) fn one<T: Pod>(&self, address: u64, what: &str) -> Result<&'data T, Error> {
        Ok(&self.array(address, 1, what)?[0])
    }

    /// An array of mapped values.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub(super) fn array<T: Pod>(&self, address: u64, count: u64, what: &str) -> Result<&'data [T], Error> {
        self.bytes(address, count.saturating_mul(size_of::<T>() as u64), what)?;
        self.view.array(address, count).ok_or_else(|| {
            self.malformed(address, format!("{what} is not aligned"), "a table at its natural alignment")
        })
    }

    /// An [`Error::Malformed`] of this image.
    pub(super) fn malformed(&self, offset: u64, what: impl Into<String>, wanted: impl Into<String>) -> Error {
        Error::Malformed { path: self.image.path().into(), offset, what: what.into(), wanted: wanted.into() }
    }

    /// An [`Error::Refused`] of this image.
    pub(super) fn refused(&self, what: impl Into<String>, next: impl Into<String>) -> Error {
        Error::Refused { path: self.image.path().into(), what: what.into(), next: next.into() }
    }

    /// The bytes of the one load segment.
    fn load(&self) -> Result<&'data [u8], Error> {
        let mut loads = segments(&self.elf, PT_LOAD);
        let (Some(load), None) = (loads.next(), loads.next()) else {
            return Err(self.refused("not exactly one PT_LOAD", "take the vDSO of a kernel; it has a single segment"));
        };
        let (size, file) = (load.p_filesz.get(LE), self.image.data());
        if (load.p_offset.get(LE), load.p_vaddr.get(LE), load.p_memsz.get(LE)) != (0, 0, size) {
            let next = "take the vDSO of a kernel: its segment begins the file, at address 0, and has no zeroed tail";
            return Err(self.refused("PT_LOAD is not the beginning of the file as it is", next));
        }
        let headers =
            self.elf.elf_header().e_phoff.get(LE).saturating_add(size_of_val(self.elf.elf_program_headers()) as u64);
        if headers.max(size_of::<FileHeader64<LE>>() as u64) > size {
            return Err(self.malformed(headers, "the headers are not mapped", "program headers inside PT_LOAD"));
        }
        file.get(..size as usize).ok_or_else(|| {
            let what = format!("the file ends here, inside PT_LOAD of {size:#x} bytes");
            self.malformed(file.len() as u64, what, "the whole image: read it again")
        })
    }
}
