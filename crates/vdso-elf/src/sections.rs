// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The section headers, which debuggers and `vdso2c` read, and no process.

use crate::parser::ElfFile;
use crate::place::Place;
use object::LittleEndian as LE;
use object::elf::{SHF_ALLOC, SHF_EXECINSTR, SectionFlags, SectionHeader64, SectionType};
use object::read::elf::SectionHeader as _;
use std::borrow::Cow;
use std::ops::Range;

/// One section header with its name.
#[derive(Clone, Debug)]
pub struct Section<'data> {
    /// Index in the table.
    pub index: usize,
    /// The name; bytes that are no UTF-8 are replaced.
    pub name: Cow<'data, str>,
    /// The name as it is.
    pub bytes: &'data [u8],
    /// All of the header.
    pub header: &'data SectionHeader64<LE>,
}

impl Section<'_> {
    /// Its type.
    pub fn kind(&self) -> SectionType {
        self.header.sh_type.get(LE)
    }

    /// Its flags.
    pub fn flags(&self) -> SectionFlags {
        self.header.sh_flags.get(LE)
    }

    /// Whether a process finds it in memory.
    pub fn is_allocated(&self) -> bool {
        self.flags().contains(SHF_ALLOC)
    }

    /// Whether it holds code.
    pub fn is_text(&self) -> bool {
        self.flags().contains(SHF_ALLOC | SHF_EXECINSTR)
    }

    /// Its addresses.
    pub fn addresses(&self) -> Range<u64> {
        let start = self.header.sh_addr.get(LE);
        start..start.saturating_add(self.header.sh_size.get(LE))
    }
}

/// All sections but the null one. A header table that cannot be read is stopped by the parser before.
pub fn sections<'data>(elf: &ElfFile<'data>) -> Vec<Section<'data>> {
    let table = elf.elf_section_table();
    let named = |(index, header): (usize, &'data SectionHeader64<LE>)| {
        let bytes = table.section_name(LE, header).unwrap_or(b"");
        Section { index, name: String::from_utf8_lossy(bytes), bytes, header }
    };
    table.iter().enumerate().skip(1).map(named).collect()
}

/// The first section of a name.
pub fn section<'data>(elf: &ElfFile<'data>, name: &str) -> Option<Section<'data>> {
    sections(elf).into_iter().find(|section| section.name == name)
}

/// Where an address lies, for messages: in its section, or in the load segment at large.
pub fn place(elf: &ElfFile<'_>, address: u64) -> Place {
    let section = sections(elf).into_iter().find(|it| it.is_allocated() && it.addresses().contains(&address));
    section.map_or_else(
        || Place::new("PT_LOAD", address),
        |section| Place::new(section.name.as_ref(), address - section.addresses().start),
    )
}

/// The bytes of a section, where the file holds all of them.
pub fn content<'data>(elf: &ElfFile<'data>, section: &Section<'data>) -> Option<&'data [u8]> {
    section.header.data(LE, elf.data()).ok()
}
