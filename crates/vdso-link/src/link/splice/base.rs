// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The finished image as the splice finds it: read from what is mapped, not from section headers, which may be missing.
//!
//! Everything here was written by somebody else. Each access is checked, each walk ends.

use super::eh_frame::Frames;
use crate::object_file::ElfFile;
use crate::{DataPageLayout, Error, Image};
use object::LittleEndian as LE;
use object::elf::{
    DT_GNU_HASH, DT_HASH, DT_NULL, DT_STRSZ, DT_STRTAB, DT_SYMTAB, DT_VERDEF, DT_VERSYM, Dyn64, DynamicTag, EM_X86_64,
    ET_DYN, FileHeader64, HashHeader, PT_DYNAMIC, PT_GNU_EH_FRAME, PT_LOAD, ProgramHeader64, ProgramType, Sym64,
    VER_FLG_BASE, Verdaux, Verdef, Versym,
};
use object::pod::{self, Pod};
use std::ops::Range;
use vdso_abi::exports::{EXPORTS, EXPORTS_WITHOUT_PROBE, Export, VERSION};

/// The export that no kernel has but by our object.
const OURS: &str = EXPORTS[0].name;
/// The export that a kernel with `MAP_DROPPABLE` has of its own.
const PROBED: &str = EXPORTS[2].name;

/// The largest image that is taken for a vDSO, in bytes. Real ones have two or three pages; with this bound no distance
/// between two places overflows the 32 bits of a relative address.
const SIZE_LIMIT: u64 = 1 << 24;

/// A finished image and where its tables lie. Addresses equal file offsets in all of it.
pub(super) struct Base<'data> {
    image: &'data Image,
    /// The parsed file.
    pub(super) elf: ElfFile<'data>,
    /// The bytes that are mapped.
    pub(super) loaded: &'data [u8],
    /// Where the dynamic entries lie.
    pub(super) dynamic: Range<u64>,
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
        let elf = image.elf()?;
        let header = elf.elf_header();
        let kind = (header.e_type.get(LE), header.e_machine.get(LE));
        if kind != (ET_DYN, EM_X86_64) {
            let what = format!("e_type {:?}, e_machine {:?}", kind.0, kind.1);
            return Err(malformed(image, 16, what, "a shared object for x86-64"));
        }
        let mut base = Self {
            image,
            elf,
            loaded: &[],
            dynamic: 0..0,
            eh_frame_hdr: 0..0,
            symbols: &[],
            versions: &[],
            strings: &[],
            version: 0,
        };
        base.loaded = base.load()?;
        base.dynamic = base.segment(PT_DYNAMIC)?;
        base.eh_frame_hdr = base.segment(PT_GNU_EH_FRAME)?;
        base.strings = base.bytes(base.entry(DT_STRTAB)?, base.entry(DT_STRSZ)?, "DT_STRTAB")?;
        // The only table that tells how many symbols there are. `DT_GNU_HASH` is demanded here too, since no kernel line
        // that we know leaves one of the two out, and a new dynamic entry would have no room.
        base.entry(DT_GNU_HASH)?;
        let hash: &HashHeader<LE> = base.one(base.entry(DT_HASH)?, "DT_HASH")?;
        let count = u64::from(hash.chain_count.get(LE));
        base.symbols = base.array(base.entry(DT_SYMTAB)?, count, "DT_SYMTAB")?;
        base.versions = base.array(base.entry(DT_VERSYM)?, count, "DT_VERSYM")?;
        base.version = base.version_index()?;
        base.refuse_spliced()?;
        Ok(base)
    }

    /// The unwind information, and where it lies.
    ///
    /// # Errors
    /// [`Error::Malformed`] where it cannot be read, or not be written at another place.
    pub(super) fn frames(&self) -> Result<(u64, Frames), Error> {
        let Range { start, end } = self.eh_frame_hdr;
        let header = self.bytes(start, end - start, "PT_GNU_EH_FRAME")?;
        Frames::of_image(header, start, self.loaded).map_err(|what| {
            self.malformed(
                start,
                format!("unwind information: {what}"),
                ".eh_frame_hdr and .eh_frame as ld writes them",
            )
        })
    }

    /// Where the mapped bytes end.
    pub(super) fn end(&self) -> u64 {
        self.loaded.len() as u64
    }

    /// The layout of the kernel line that the image's own note names.
    ///
    /// # Errors
    /// [`Error::Refused`] for a line that nobody has looked at: a wrong guess would read random data from a wrong page.
    pub(super) fn layout(&self) -> Result<DataPageLayout, Error> {
        let next = "splice the image of a kernel line in vdso_link::layout, or look up where this one keeps \
                    vvar__vdso_rng_data and add it there";
        let Some(code) = self.image.linux_version() else {
            return Err(self.refused("the image has no note of owner Linux that tells the kernel's version", next));
        };
        let version = format!("{}.{}.{}", code >> 16, code >> 8 & 0xff, code & 0xff);
        let what = format!("the image is of Linux {version}, whose data-page layout is not known");
        DataPageLayout::of_version(code).copied().ok_or_else(|| self.refused(what, next))
    }

    /// What of ours the image is to export.
    ///
    /// Whoever finds the function with the size probe maps its states with `MAP_DROPPABLE`. A kernel that knows the flag has
    /// such a function in its image; one that does not must not be given it (contract E2).
    ///
    /// # Errors
    /// [`Error::Malformed`] where a name leaves the string table.
    pub(super) fn exports_wanted(&self) -> Result<&'static [Export], Error> {
        Ok(if self.has_export(PROBED)? { &EXPORTS } else { EXPORTS_WITHOUT_PROBE })
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
        let entries = self.dynamic_entries()?.iter().take_while(|entry| entry.d_tag.get(LE) != DT_NULL);
        let mut found = entries.filter(|entry| entry.d_tag.get(LE) == tag).map(|entry| entry.d_val.get(LE));
        found.next().ok_or_else(|| {
            let what = format!("the dynamic section has no {tag:?}");
            self.refused(what, "take an image that was linked with --hash-style=both and a version script")
        })
    }

    /// All dynamic entries, what follows `DT_NULL` included.
    ///
    /// # Errors
    /// [`Error::Malformed`] where they leave the image.
    pub(super) fn dynamic_entries(&self) -> Result<&'data [Dyn64<LE>], Error> {
        let Range { start, end } = self.dynamic;
        self.array(start, (end - start) / size_of::<Dyn64<LE>>() as u64, "PT_DYNAMIC")
    }

    /// Mapped bytes from `address` on.
    ///
    /// # Errors
    /// [`Error::Malformed`] where they leave the load segment; `what` names them.
    pub(super) fn bytes(&self, address: u64, length: u64, what: &str) -> Result<&'data [u8], Error> {
        let end = address.checked_add(length).filter(|&end| end <= self.end());
        end.map(|end| &self.loaded[address as usize..end as usize]).ok_or_else(|| {
            let wanted = format!("a place inside PT_LOAD, which ends at {:#x}", self.end());
            self.malformed(address, format!("{what}, {length:#x} bytes, is not mapped"), wanted)
        })
    }

    /// An [`Error::Malformed`] of this image.
    pub(super) fn malformed(&self, offset: u64, what: impl Into<String>, wanted: impl Into<String>) -> Error {
        malformed(self.image, offset, what, wanted)
    }

    /// An [`Error::Refused`] of this image.
    pub(super) fn refused(&self, what: impl Into<String>, next: impl Into<String>) -> Error {
        Error::Refused { path: self.image.path().into(), what: what.into(), next: next.into() }
    }

    /// Refuses an image that holds our code, by a splice or by its kernel's own build.
    fn refuse_spliced(&self) -> Result<(), Error> {
        if self.has_export(OURS)? {
            let next = "take the image as the kernel was built with: /proc/self/mem has the running one's";
            return Err(self.refused(format!("the image exports {OURS} already"), next));
        }
        Ok(())
    }

    /// Whether the image has a symbol of this name.
    fn has_export(&self, name: &str) -> Result<bool, Error> {
        for symbol in self.symbols {
            if self.name(symbol)? == name.as_bytes() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The bytes of the one load segment.
    fn load(&self) -> Result<&'data [u8], Error> {
        let mut loads = self.segments(PT_LOAD);
        let (Some(load), None) = (loads.next(), loads.next()) else {
            return Err(self.refused("not exactly one PT_LOAD", "take the vDSO of a kernel; it has a single segment"));
        };
        let (size, file) = (load.p_filesz.get(LE), self.image.data());
        if (load.p_offset.get(LE), load.p_vaddr.get(LE), load.p_memsz.get(LE)) != (0, 0, size) {
            let next = "take the vDSO of a kernel: its segment begins the file, at address 0, and has no zeroed tail";
            return Err(self.refused("PT_LOAD is not the beginning of the file as it is", next));
        }
        if size > SIZE_LIMIT {
            return Err(self.refused(format!("{size:#x} bytes are mapped"), "take a vDSO; none is that large"));
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

    /// Where the first segment of a kind lies.
    fn segment(&self, kind: ProgramType) -> Result<Range<u64>, Error> {
        let Some(segment) = self.segments(kind).next() else {
            let next = "take the vDSO of a kernel; there is no room for another program header";
            return Err(self.refused(format!("no {kind:?}"), next));
        };
        let (address, size) = (segment.p_vaddr.get(LE), segment.p_memsz.get(LE));
        self.bytes(address, size, &format!("{kind:?}"))?;
        Ok(address..address + size)
    }

    /// The program headers of a kind.
    fn segments(&self, kind: ProgramType) -> impl Iterator<Item = &'data ProgramHeader64<LE>> {
        self.elf.elf_program_headers().iter().filter(move |segment| segment.p_type.get(LE) == kind)
    }

    /// The index of the node [`VERSION`] among the version definitions.
    fn version_index(&self) -> Result<u16, Error> {
        let mut address = self.entry(DT_VERDEF)?;
        loop {
            let node: &Verdef<LE> = self.one(address, "a version definition")?;
            let name: &Verdaux<LE> = self.one(address + u64::from(node.vd_aux.get(LE)), "the name of a version")?;
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
        Err(self.refused(what, "take an x86-64 vDSO; every client asks for its functions at this version"))
    }

    /// A string of the dynamic string table.
    fn string(&self, offset: u32) -> Result<&'data [u8], Error> {
        let rest = self.strings.get(offset as usize..).unwrap_or_default();
        let length = rest.iter().position(|&byte| byte == 0);
        length.map(|length| &rest[..length]).ok_or_else(|| {
            self.malformed(offset.into(), "a name leaves the dynamic string table", "an offset below DT_STRSZ")
        })
    }

    /// One mapped value of a fixed layout.
    fn one<T: Pod>(&self, address: u64, what: &str) -> Result<&'data T, Error> {
        Ok(&self.array(address, 1, what)?[0])
    }

    /// An array of mapped values.
    fn array<T: Pod>(&self, address: u64, count: u64, what: &str) -> Result<&'data [T], Error> {
        let bytes = self.bytes(address, count.saturating_mul(size_of::<T>() as u64), what)?;
        pod::slice_from_all_bytes(bytes)
            .map_err(|()| self.malformed(address, format!("{what} is not aligned"), "a table at its natural alignment"))
    }
}

/// An [`Error::Malformed`] of an image.
fn malformed(image: &Image, offset: u64, what: impl Into<String>, wanted: impl Into<String>) -> Error {
    Error::Malformed { path: image.path().into(), offset, what: what.into(), wanted: wanted.into() }
}
