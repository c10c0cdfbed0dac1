// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Section headers and unmapped sections: a process does not need them, debuggers name addresses by them.
//!
//! An image without section headers keeps none.

use super::Parts;
use super::base::Base;
use super::plan::{Move, Plan, Table};
use crate::link::unsplice::RECORD;
use object::LittleEndian as LE;
use object::elf::{
    SHF_ALLOC, SHF_EXECINSTR, SHN_LORESERVE, SHT_NOBITS, SHT_NULL, SHT_PROGBITS, SectionFlags, SectionHeader64,
    SymbolSection,
};
use object::endian::{U32, U64};
use std::collections::BTreeMap;
use std::ops::Range;
use vdso_elf::error::Error;

/// The sections that the splice adds, in this order: code, constants, and the undo record.
const ADDED: [&str; 3] = [".text.vgetrandom", ".rodata.vgetrandom", RECORD];

/// The section headers of the base, and the content of all that is not mapped.
pub(super) struct Sections {
    headers: Vec<SectionHeader64<LE>>,
    /// Where each section that is not mapped lies in the base, by its index.
    places: BTreeMap<usize, Range<usize>>,
    /// The new content: the old content unless `content_mut` changes it.
    contents: BTreeMap<usize, Vec<u8>>,
    /// Index of the string table of their names; 0 where sections have none.
    names: usize,
    /// The index that the section of our code gets; the one of our constants is the next.
    pub(super) text: SymbolSection,
}

impl Sections {
    /// Reads the headers, and sees that all that is not mapped lies in the file, each byte in one section only.
    ///
    /// # Errors
    /// [`Error::Malformed`] where that does not hold, [`Error::Refused`] where there are too many.
    pub(super) fn read(base: &Base<'_>, file: &[u8]) -> Result<Self, Error> {
        let headers: Vec<_> = base.memory.elf.elf_section_table().iter().copied().collect();
        let names = usize::from(base.memory.elf.elf_header().e_shstrndx.get(LE).0);
        let used = base.symbols.iter().map(|symbol| symbol.st_shndx.get(LE).0).filter(|&index| index < SHN_LORESERVE);
        // Without headers the index only has to be one that no other symbol uses.
        let text = if headers.is_empty() { used.max().unwrap_or(0) + 1 } else { headers.len() as u16 };
        if headers.len() >= usize::from(SHN_LORESERVE) - ADDED.len() || text >= SHN_LORESERVE - 1 {
            let what = format!("the section headers leave no room for {} more", ADDED.len());
            return Err(base.memory.refused(what, "take the vDSO of a kernel"));
        }
        let mut sections =
            Self { headers, places: BTreeMap::new(), contents: BTreeMap::new(), names, text: SymbolSection(text) };
        let mut total = 0;
        for (index, header) in sections.headers.iter().enumerate().filter(|(_, header)| is_loose(header)) {
            let place = range(header).filter(|place| place.end <= file.len());
            total += place.as_ref().map_or(0, Range::len);
            let Some(place) = place.filter(|_| total <= file.len()) else {
                let what = format!("section {index} leaves the file or overlaps others");
                return Err(base.memory.malformed(
                    header.sh_offset.get(LE),
                    what,
                    "sections that lie side by side in the file",
                ));
            };
            sections.contents.insert(index, file[place.clone()].to_vec());
            sections.places.insert(index, place);
        }
        if names != 0 && !sections.contents.contains_key(&names) {
            let what = format!("e_shstrndx is {names}");
            return Err(base.memory.malformed(62, what, "the index of a string table that is not mapped"));
        }
        // A name without an end would go on in the names that are added.
        let table = base.memory.elf.elf_section_table();
        let nameless = table.iter().position(|header| table.section_name(LE, header).is_err());
        if let Some(index) = nameless.filter(|_| names != 0) {
            let offset = base.memory.elf.elf_header().e_shoff.get(LE);
            let what = format!("section {index} has no readable name");
            return Err(base.memory.malformed(offset, what, "names that end inside of their string table"));
        }
        sections.add_headers();
        Ok(sections)
    }

    /// How many there will be.
    pub(super) fn count(&self) -> usize {
        self.headers.len()
    }

    /// Index, size and alignment of every section that is not mapped, in bytes.
    pub(super) fn loose(&self) -> impl Iterator<Item = (usize, u64, u64)> {
        self.contents
            .iter()
            .map(|(&index, content)| (index, content.len() as u64, self.headers[index].sh_addralign.get(LE)))
    }

    /// The new content of an unmapped section; empty for any other.
    pub(super) fn content(&self, index: usize) -> &[u8] {
        self.contents.get(&index).map_or(&[], Vec::as_slice)
    }

    /// Where it lies in the base.
    pub(super) fn place(&self, index: usize) -> Range<usize> {
        self.places.get(&index).cloned().unwrap_or_default()
    }

    /// The first section of a type with its index.
    pub(super) fn find(&self, kind: object::elf::SectionType) -> Option<(usize, SectionHeader64<LE>)> {
        let found = self.headers.iter().enumerate().find(|(_, header)| header.sh_type.get(LE) == kind);
        found.map(|(index, header)| (index, *header))
    }

    /// The content of a section that is not mapped, to be changed.
    pub(super) fn content_mut(&mut self, index: usize) -> Option<&mut Vec<u8>> {
        self.contents.get_mut(&index)
    }

    /// Sets `sh_info`.
    pub(super) fn set_info(&mut self, index: usize, info: u32) {
        self.headers[index].sh_info = U32::new(LE, info);
    }

    /// All headers, with moved places; the last is that of the undo record, whose size is not known yet.
    pub(super) fn write(&self, parts: &Parts<'_>, plan: &Plan) -> Vec<SectionHeader64<LE>> {
        let mut headers = self.headers.clone();
        for header in headers.iter_mut().filter(|header| header.sh_flags.get(LE).contains(SHF_ALLOC)) {
            // An empty section may share the address of a table.
            let at = |address| header.sh_addr.get(LE) == address && header.sh_size.get(LE) > 0;
            let Some(Move { table, to, .. }) = plan.moves.iter().find(|moved| at(moved.from)) else { continue };
            set_place(header, to);
            if *table == Table::Dynsym {
                header.sh_info = U32::new(LE, parts.symbols.locals() as u32);
            }
        }
        for &(index, offset) in &plan.loose {
            headers[index].sh_offset = U64::new(LE, offset);
            headers[index].sh_size = U64::new(LE, self.content(index).len() as u64);
        }
        if let [.., text, rodata, record] = &mut headers[..] {
            set_place(text, &parts.placed.text);
            set_place(rodata, &parts.placed.rodata);
            record.sh_offset = U64::new(LE, plan.file);
        }
        headers
    }

    /// Appends the headers of the new sections, and their names to the string table.
    fn add_headers(&mut self) {
        if self.headers.is_empty() {
            return;
        }
        for (name, flags) in ADDED.iter().zip([SHF_ALLOC | SHF_EXECINSTR, SHF_ALLOC, SectionFlags(0)]) {
            let sh_name = self.contents.get_mut(&self.names).map_or(0, |names| {
                let offset = names.len();
                names.extend(format!("{name}\0").bytes());
                offset as u32
            });
            self.headers.push(added(sh_name, flags));
        }
    }
}

/// The bytes of the file that a header claims.
fn range(header: &SectionHeader64<LE>) -> Option<Range<usize>> {
    let start = usize::try_from(header.sh_offset.get(LE)).ok()?;
    Some(start..start.checked_add(usize::try_from(header.sh_size.get(LE)).ok()?)?)
}

/// Whether a section has content outside of the load segment.
fn is_loose(header: &SectionHeader64<LE>) -> bool {
    let kind = header.sh_type.get(LE);
    !header.sh_flags.get(LE).contains(SHF_ALLOC) && kind != SHT_NULL && kind != SHT_NOBITS
}

/// Says where a mapped section lies. Addresses equal file offsets.
fn set_place(header: &mut SectionHeader64<LE>, place: &Range<u64>) {
    header.sh_addr = U64::new(LE, place.start);
    header.sh_offset = U64::new(LE, place.start);
    header.sh_size = U64::new(LE, place.end - place.start);
}

/// The header of a new section, without a place.
fn added(sh_name: u32, flags: SectionFlags) -> SectionHeader64<LE> {
    let alignment = if flags.contains(SHF_ALLOC) { super::place::ALIGN } else { 1 };
    SectionHeader64 {
        sh_name: U32::new(LE, sh_name),
        sh_type: U32::new(LE, SHT_PROGBITS),
        sh_flags: U64::new(LE, flags),
        sh_addr: U64::new(LE, 0),
        sh_offset: U64::new(LE, 0),
        sh_size: U64::new(LE, 0),
        sh_link: U32::new(LE, 0),
        sh_info: U32::new(LE, 0),
        sh_addralign: U64::new(LE, alignment),
        sh_entsize: U64::new(LE, 0),
    }
}
