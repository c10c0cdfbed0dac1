// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Section headers: nobody needs them to run the image, debuggers want them to name a place in it.
//!
//! An image without section headers keeps none.

use super::Parts;
use super::base::Base;
use super::plan::{Move, Plan, Table};
use crate::Error;
use object::LittleEndian as LE;
use object::elf::{
    SHF_ALLOC, SHF_EXECINSTR, SHN_LORESERVE, SHT_NOBITS, SHT_NULL, SHT_PROGBITS, SectionFlags, SectionHeader64,
    SymbolSection,
};
use object::endian::{U32, U64};
use object::pod::bytes_of_slice;
use std::ops::Range;

/// The names of the sections that the splice adds: code and constants.
const TEXT: &str = ".text.vgetrandom";
const RODATA: &str = ".rodata.vgetrandom";

/// The section headers of the base, and the string table of their names.
pub(super) struct Sections<'data> {
    file: &'data [u8],
    headers: Vec<SectionHeader64<LE>>,
    /// Index of the string table; 0 where sections have no names.
    names: usize,
    /// The index that the section of our code gets.
    pub(super) text: SymbolSection,
}

impl<'data> Sections<'data> {
    /// Reads the headers, and sees that all that is not mapped lies in the file, each byte in one section only.
    ///
    /// # Errors
    /// [`Error::Malformed`] where that does not hold, [`Error::Refused`] where there are too many.
    pub(super) fn read(base: &Base<'data>, file: &'data [u8]) -> Result<Self, Error> {
        let headers: Vec<_> = base.memory.elf.elf_section_table().iter().copied().collect();
        let shstrndx = base.memory.elf.elf_header().e_shstrndx.get(LE).0;
        let used = base.symbols.iter().map(|symbol| symbol.st_shndx.get(LE).0).filter(|&index| index < SHN_LORESERVE);
        // Without headers the index only has to be one that no other symbol uses.
        let text = if headers.is_empty() { used.max().unwrap_or(0) + 1 } else { headers.len() as u16 };
        if headers.len() >= usize::from(SHN_LORESERVE) - 2 || text >= SHN_LORESERVE {
            return Err(base
                .memory
                .refused("the section headers leave no room for two more", "take the vDSO of a kernel"));
        }
        let sections = Self { file, headers, names: shstrndx.into(), text: SymbolSection(text) };
        let mut total = 0;
        for (index, header) in sections.headers.iter().enumerate().filter(|(_, header)| is_loose(header)) {
            total += sections.range(index).map_or(0, |range| range.len());
            if sections.range(index).is_none() || total > file.len() {
                let what = format!("section {index} leaves the file or overlaps others");
                return Err(base.memory.malformed(
                    header.sh_offset.get(LE),
                    what,
                    "sections that lie side by side in the file",
                ));
            }
        }
        if sections.names != 0 && !sections.headers.get(sections.names).is_some_and(is_loose) {
            let what = format!("e_shstrndx is {}", sections.names);
            return Err(base.memory.malformed(62, what, "the index of a string table that is not mapped"));
        }
        Ok(sections)
    }

    /// Index, size and alignment of every section that is not mapped, in bytes.
    pub(super) fn loose(&self) -> impl Iterator<Item = (usize, u64, u64)> {
        self.headers
            .iter()
            .enumerate()
            .filter(|(_, header)| is_loose(header))
            .map(|(index, header)| (index, self.content(index).len() as u64, header.sh_addralign.get(LE)))
    }

    /// How many headers there will be.
    pub(super) fn count(&self) -> usize {
        if self.headers.is_empty() { 0 } else { self.headers.len() + 2 }
    }

    /// What a section that is not mapped will hold.
    pub(super) fn content(&self, index: usize) -> Vec<u8> {
        let mut content = self.range(index).map_or_else(Vec::new, |range| self.file[range].to_vec());
        if index == self.names && index != 0 {
            content.extend(format!("{TEXT}\0{RODATA}\0").bytes());
        }
        content
    }

    /// All headers, with moved places and the new ones at the end.
    pub(super) fn write(&self, parts: &Parts<'_>, plan: &Plan) -> Vec<u8> {
        if self.headers.is_empty() {
            return Vec::new();
        }
        let mut headers = self.headers.clone();
        for header in headers.iter_mut().filter(|header| header.sh_flags.get(LE).contains(SHF_ALLOC)) {
            // An empty section may share the address of a table.
            let at = |address| header.sh_addr.get(LE) == address && header.sh_size.get(LE) > 0;
            let Some(Move { table, to, .. }) = plan.moves.iter().find(|moved| at(moved.from)) else { continue };
            header.sh_addr = U64::new(LE, to.start);
            header.sh_offset = U64::new(LE, to.start);
            header.sh_size = U64::new(LE, to.end - to.start);
            if *table == Table::Dynsym {
                header.sh_info = U32::new(LE, parts.symbols.locals() as u32);
            }
        }
        for &(index, offset) in &plan.loose {
            headers[index].sh_offset = U64::new(LE, offset);
            headers[index].sh_size = U64::new(LE, self.content(index).len() as u64);
        }
        let names = self.range(self.names).filter(|_| self.names != 0).map(|range| range.len() as u32);
        let placed = parts.placed;
        headers.push(added(names, &placed.text, SHF_ALLOC | SHF_EXECINSTR));
        headers.push(added(names.map(|end| end + TEXT.len() as u32 + 1), &placed.rodata, SHF_ALLOC));
        bytes_of_slice(&headers).to_vec()
    }

    /// Where a section lies in the file.
    fn range(&self, index: usize) -> Option<Range<usize>> {
        let header = self.headers.get(index)?;
        let start = usize::try_from(header.sh_offset.get(LE)).ok()?;
        let end = start.checked_add(usize::try_from(header.sh_size.get(LE)).ok()?)?;
        (end <= self.file.len()).then_some(start..end)
    }
}

/// Whether a section has content outside of the load segment.
fn is_loose(header: &SectionHeader64<LE>) -> bool {
    let kind = header.sh_type.get(LE);
    !header.sh_flags.get(LE).contains(SHF_ALLOC) && kind != SHT_NULL && kind != SHT_NOBITS
}

/// The header of a new section.
fn added(name: Option<u32>, place: &Range<u64>, flags: SectionFlags) -> SectionHeader64<LE> {
    SectionHeader64 {
        sh_name: U32::new(LE, name.unwrap_or(0)),
        sh_type: U32::new(LE, SHT_PROGBITS),
        sh_flags: U64::new(LE, flags),
        sh_addr: U64::new(LE, place.start),
        sh_offset: U64::new(LE, place.start),
        sh_size: U64::new(LE, place.end - place.start),
        sh_link: U32::new(LE, 0),
        sh_info: U32::new(LE, 0),
        sh_addralign: U64::new(LE, super::place::ALIGN),
        sh_entsize: U64::new(LE, 0),
    }
}
