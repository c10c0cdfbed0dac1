// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The entries of an object's tables: sections, relocations, symbols.

use crate::place::Place;
use object::LittleEndian as LE;
use object::elf;
use std::ops::Range;

/// A section with what is done to it.
pub struct Section<'data> {
    /// As in the section header table.
    pub name: &'data str,
    /// `sh_type`.
    pub kind: elf::SectionType,
    /// `sh_flags`.
    pub flags: elf::SectionFlags,
    /// Length in memory, in bytes.
    pub size: u64,
    /// `sh_addralign`.
    pub alignment: u64,
    /// Empty where the section has no bytes in the file.
    pub data: &'data [u8],
    /// Where [`data`](Self::data) lies in the file, in bytes.
    pub file_offset: u64,
    /// By offset.
    pub relocations: Vec<Relocation>,
}

/// One entry of `.rela` for a section.
pub struct Relocation {
    /// In the section that is relocated, in bytes.
    pub offset: u64,
    /// `R_X86_64_*`.
    pub kind: elf::RelocationType,
    /// Index in [`Anatomy::symbols`](super::Anatomy::symbols), which holds it.
    pub symbol: usize,
    /// `r_addend`.
    pub addend: i64,
}

/// Where a symbol is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// `SHN_UNDEF`.
    Undefined,
    /// `SHN_ABS`.
    Absolute,
    /// `SHN_COMMON`, or another reserved index.
    Common,
    /// Index in [`Anatomy::sections`](super::Anatomy::sections), which holds it.
    Section(usize),
}

/// An entry of the symbol table.
pub struct Symbol<'data> {
    /// Of the entry.
    pub index: usize,
    /// The symbol of a section has the section's name.
    pub name: &'data str,
    /// Where it is defined.
    pub home: Home,
    /// Offset in its section, in bytes.
    pub value: u64,
    /// In bytes.
    pub size: u64,
    /// `STT_*`.
    pub kind: elf::SymbolType,
    /// `STB_*`.
    pub bind: elf::SymbolBind,
    /// `STV_*`.
    pub visibility: elf::SymbolVisibility,
}

impl Section<'_> {
    /// Whether the section is in memory when the code runs.
    pub fn is_allocated(&self) -> bool {
        self.flags.contains(elf::SHF_ALLOC)
    }

    /// Whether it holds instructions.
    pub fn is_text(&self) -> bool {
        self.is_allocated() && self.flags.contains(elf::SHF_EXECINSTR)
    }

    /// The relocations that begin in a range of offsets.
    pub fn relocations_in(&self, range: Range<u64>) -> &[Relocation] {
        let first = self.relocations.partition_point(|relocation| relocation.offset < range.start);
        let end = self.relocations.partition_point(|relocation| relocation.offset < range.end);
        self.relocations.get(first..end).unwrap_or_default()
    }
}

impl Symbol<'_> {
    /// Whether no other object can see the name.
    pub fn is_private(&self) -> bool {
        self.bind == elf::STB_LOCAL || matches!(self.visibility, elf::STV_HIDDEN | elf::STV_INTERNAL)
    }

    /// Where the symbol table has the entry.
    pub fn entry(&self) -> Place {
        let offset = self.index * size_of::<elf::Sym64<LE>>();
        Place::new(".symtab", offset as u64).in_symbol(self.name)
    }
}
