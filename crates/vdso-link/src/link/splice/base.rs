// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The tables of the finished image, found as a process finds them: through the dynamic entries, since section headers may
//! be missing.

use super::eh_frame::Frames;
use super::memory::Memory;
use object::LittleEndian as LE;
use object::elf::{
    DT_GNU_HASH, DT_HASH, DT_NULL, DT_STRSZ, DT_STRTAB, DT_SYMTAB, DT_VERDEF, DT_VERSYM, Dyn64, DynamicTag, HashHeader,
    PT_DYNAMIC, PT_GNU_EH_FRAME, Sym64, VER_FLG_BASE, Verdaux, Verdef, Versym,
};
use std::ops::Range;
use vdso_abi::exports::VERSION;
use vdso_elf::error::Error;
use vdso_elf::image::Image;

/// A finished image and where its tables lie.
pub(super) struct Base<'data> {
    /// What is mapped.
    pub(super) memory: Memory<'data>,
    /// Address of the dynamic entries.
    pub(super) dynamic: u64,
    /// The dynamic entries before `DT_NULL`.
    pub(super) entries: &'data [Dyn64<LE>],
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
        let Range { start: dynamic, end } = memory.segment(PT_DYNAMIC)?;
        let entries: &[Dyn64<LE>] =
            memory.array(dynamic, (end - dynamic) / size_of::<Dyn64<LE>>() as u64, "PT_DYNAMIC")?;
        let null = entries.iter().position(|entry| entry.d_tag.get(LE) == DT_NULL);
        let eh_frame_hdr = memory.segment(PT_GNU_EH_FRAME)?;
        let mut base = Self {
            memory,
            dynamic,
            entries: &entries[..null.unwrap_or(entries.len())],
            eh_frame_hdr,
            symbols: &[],
            versions: &[],
            strings: &[],
            version: 0,
        };
        let memory = &base.memory;
        base.strings = memory.bytes(base.entry(DT_STRTAB)?, base.entry(DT_STRSZ)?, "DT_STRTAB")?;
        // The only table that tells how many symbols there are. `DT_GNU_HASH` is demanded here too, since no kernel line
        // that we know leaves one of the two out, and a new dynamic entry would have no room.
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
        self.string(symbol.st_name.get(LE))
    }

    /// The value of a dynamic entry.
    ///
    /// # Errors
    /// [`Error::Refused`] where there is none.
    pub(super) fn entry(&self, tag: DynamicTag) -> Result<u64, Error> {
        let entry = self.entries.iter().find(|entry| entry.d_tag.get(LE) == tag);
        entry.map(|entry| entry.d_val.get(LE)).ok_or_else(|| {
            let what = format!("the dynamic section has no {tag:?}");
            self.memory.refused(what, "take an image that was linked with --hash-style=both and a version script")
        })
    }

    /// The index of the node [`VERSION`] among the version definitions.
    fn version_index(&self) -> Result<u16, Error> {
        let mut address = self.entry(DT_VERDEF)?;
        loop {
            let node: &Verdef<LE> = self.memory.one(address, "a version definition")?;
            let name: &Verdaux<LE> =
                self.memory.one(address + u64::from(node.vd_aux.get(LE)), "the name of a version")?;
            let is_base = node.vd_flags.get(LE).contains(VER_FLG_BASE);
            if !is_base && self.string(name.vda_name.get(LE))? == VERSION.as_bytes() {
                return Ok(node.vd_ndx.get(LE).0);
            }
            // The chain only goes forward, and `one` stops it at the end of the image.
            match node.vd_next.get(LE) {
                0 => break,
                step => address += u64::from(step),
            }
        }
        let what = format!("no version node {VERSION}");
        Err(self.memory.refused(what, "take an x86-64 vDSO; every client asks for its functions at this version"))
    }

    /// A string of the dynamic string table.
    fn string(&self, offset: u32) -> Result<&'data [u8], Error> {
        let rest = self.strings.get(offset as usize..).unwrap_or_default();
        let length = rest.iter().position(|&byte| byte == 0);
        length.map(|length| &rest[..length]).ok_or_else(|| {
            self.memory.malformed(offset.into(), "a name leaves the dynamic string table", "an offset below DT_STRSZ")
        })
    }
}
