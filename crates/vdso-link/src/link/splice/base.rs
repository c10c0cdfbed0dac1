// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The tables of the image to splice into, found through the dynamic entries: section headers may be missing.

use super::eh_frame::Frames;
use super::memory::Memory;
use object::LittleEndian as LE;
use object::elf::{
    DT_GNU_HASH, DT_HASH, DT_STRSZ, DT_STRTAB, DT_SYMTAB, DT_VERDEF, DT_VERSYM, DynamicTag, HashHeader, PT_DYNAMIC,
    PT_GNU_EH_FRAME, Sym64, Versym,
};
use std::ops::Range;
use vdso_abi::exports::VERSION;
use vdso_elf::dynamic::Dynamic;
use vdso_elf::error::Error;
use vdso_elf::image::Image;
use vdso_elf::symbols::Symbols;
use vdso_elf::versions::{Definition, definitions};

/// A finished image and where its tables lie.
pub(super) struct Base<'data> {
    /// The load segment.
    pub(super) memory: Memory<'data>,
    /// Address of the dynamic table.
    pub(super) dynamic: u64,
    /// The dynamic table.
    pub(super) table: Dynamic<'data>,
    /// `.eh_frame_hdr`, as `PT_GNU_EH_FRAME` has it.
    pub(super) eh_frame_hdr: Range<u64>,
    /// The dynamic symbols, the null symbol included.
    pub(super) symbols: &'data [Sym64<LE>],
    /// For each symbol its version index.
    pub(super) versions: &'data [Versym<LE>],
    /// The string table of the dynamic section.
    pub(super) strings: &'data [u8],
    /// Index of the version node that every export has.
    pub(super) version: u16,
}

impl<'data> Base<'data> {
    /// Reads the image.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a table that leaves the image, [`Error::Refused`] for an image of another build than the
    /// kernel's vDSOs have.
    pub(super) fn read(image: &'data Image) -> Result<Self, Error> {
        let memory = Memory::read(image)?;
        let Range { start: dynamic, .. } = memory.segment(PT_DYNAMIC)?;
        let eh_frame_hdr = memory.segment(PT_GNU_EH_FRAME)?;
        let table = Dynamic::of(&memory.elf);
        let mut base =
            Self { memory, dynamic, table, eh_frame_hdr, symbols: &[], versions: &[], strings: &[], version: 0 };
        let memory = &base.memory;
        base.strings = memory.bytes(base.entry(DT_STRTAB)?, base.entry(DT_STRSZ)?, "DT_STRTAB")?;
        // DT_HASH is the only table that contains the number of symbols. DT_GNU_HASH is required as well: every supported
        // kernel series has both, and there is no room for a new dynamic entry.
        base.entry(DT_GNU_HASH)?;
        let hash: &HashHeader<LE> = memory.one(base.entry(DT_HASH)?, "DT_HASH")?;
        let count = u64::from(hash.chain_count.get(LE));
        base.symbols = memory.array(base.entry(DT_SYMTAB)?, count, "DT_SYMTAB")?;
        base.versions = memory.array(base.entry(DT_VERSYM)?, count, "DT_VERSYM")?;
        base.version = base.version_index()?;
        Ok(base)
    }

    /// The unwind information, and where it lies.
    ///
    /// # Errors
    /// [`Error::Malformed`] where it cannot be read, or not be written at another place.
    pub(super) fn frames(&self) -> Result<(u64, Frames), Error> {
        let Range { start, end } = self.eh_frame_hdr;
        let header = self.memory.bytes(start, end - start, "PT_GNU_EH_FRAME")?;
        Frames::of_image(header, start, self.memory.loaded).map_err(|what| {
            self.memory.malformed(
                start,
                format!("unwind information: {what}"),
                ".eh_frame_hdr and .eh_frame as ld writes them",
            )
        })
    }

    /// The name of a symbol, without its NUL.
    ///
    /// # Errors
    /// [`Error::Malformed`] where it leaves the string table.
    pub(super) fn name(&self, symbol: &Sym64<LE>) -> Result<&'data [u8], Error> {
        Symbols::of(&self.table).name(symbol).ok_or_else(|| {
            let offset = symbol.st_name.get(LE).into();
            self.memory.malformed(offset, "a name leaves the dynamic string table", "an offset below DT_STRSZ")
        })
    }

    /// The value of a dynamic entry.
    ///
    /// # Errors
    /// [`Error::Refused`] where there is none.
    pub(super) fn entry(&self, tag: DynamicTag) -> Result<u64, Error> {
        self.table.value(tag).ok_or_else(|| {
            let what = format!("the dynamic section has no {tag:?}");
            self.memory.refused(what, "take an image that was linked with --hash-style=both and a version script")
        })
    }

    /// The index of the node [`VERSION`] among the version definitions.
    fn version_index(&self) -> Result<u16, Error> {
        self.entry(DT_VERDEF)?;
        let named = |node: &Definition<'_>| !node.base && node.name == Some(VERSION.as_bytes());
        definitions(&self.table).into_iter().find(named).map(|node| node.index).ok_or_else(|| {
            let what = format!("no version node {VERSION}");
            self.memory.refused(what, "take an x86-64 vDSO; every client looks up its functions at this version")
        })
    }
}
