// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The object taken apart once: sections, relocations, symbols, functions and frames, all with checked access.
//!
//! Whatever cannot be read is an [`Error::Malformed`] here, so that no rule has to fail.

use super::frames::{self, Frame};
use super::functions::{self, Code, Function};
use super::read;
use crate::{Error, Object, Place, bounds};
use object::LittleEndian as LE;
use object::elf;
use std::ops::Range;

/// Everything that the rules look at.
pub struct Anatomy<'data> {
    /// The ELF header.
    pub header: &'data elf::FileHeader64<LE>,
    /// By section index; the first is the null section.
    pub sections: Vec<Section<'data>>,
    /// By symbol index; the first is the null symbol.
    pub symbols: Vec<Symbol<'data>>,
    /// By section and offset.
    pub functions: Vec<Function<'data>>,
    /// By section and offset.
    pub frames: Vec<Frame>,
}

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
    /// Index in [`Anatomy::symbols`], which holds it.
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
    /// `SHN_COMMON`, or another index with a meaning of its own.
    Common,
    /// Index in [`Anatomy::sections`], which holds it.
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

impl<'data> Anatomy<'data> {
    /// Reads all of an object.
    ///
    /// # Errors
    /// [`Error::Malformed`] where something cannot be read, or is for another machine.
    pub fn of(object: &'data Object) -> Result<Self, Error> {
        let file = object.elf()?;
        bounds::object(object.path(), &file)?;
        let reader = read::Reader::of(object.path(), object.data(), &file);
        let mut sections = reader.sections()?;
        let symbols = reader.symbols(&sections)?;
        reader.relocations(&mut sections, symbols.len())?;
        let functions = functions::decode(&sections, &symbols);
        let frames = frames::read(object.path(), &sections, &symbols)?;
        Ok(Self { header: reader.header(), sections, symbols, functions, frames })
    }

    /// The sections that are in memory when the code runs, with their indices.
    pub fn allocated(&self) -> impl Iterator<Item = (usize, &Section<'data>)> {
        self.sections.iter().enumerate().filter(|(_, section)| section.is_allocated())
    }

    /// The relocations of allocated sections, with the section that each changes and the symbol that it names.
    pub fn relocations(&self) -> impl Iterator<Item = (usize, &Relocation, &Symbol<'data>)> {
        self.allocated().flat_map(move |(index, section)| {
            section.relocations.iter().map(move |relocation| (index, relocation, &self.symbols[relocation.symbol]))
        })
    }

    /// A symbol by its name, undefined ones included.
    pub fn symbol(&self, name: &str) -> Option<&Symbol<'data>> {
        self.symbols.iter().find(|symbol| symbol.name == name && symbol.kind != elf::STT_FILE)
    }

    /// The function that covers an offset in a section.
    pub fn function_at(&self, section: usize, offset: u64) -> Option<&Function<'data>> {
        let after = self.functions.partition_point(|f| (f.section, f.start) <= (section, offset));
        let function = self.functions.get(after.checked_sub(1)?)?;
        (function.section == section && offset < function.end).then_some(function)
    }

    /// The instruction that covers an offset in a section, with its function.
    pub fn code_at(&self, section: usize, offset: u64) -> Option<(&Function<'data>, &Code)> {
        let function = self.function_at(section, offset)?;
        Some((function, function.code_at(offset)?))
    }

    /// The FDE that describes an offset of a section.
    pub fn frame_at(&self, section: usize, offset: u64) -> Option<&Frame> {
        let after = self.frames.partition_point(|frame| frame.start() <= Some((section, offset)));
        self.frames.get(after.checked_sub(1)?).filter(|frame| frame.covers(section, offset))
    }

    /// A place in a section by its index, with the function that covers it.
    pub fn place(&self, section: usize, offset: u64) -> Place {
        let place = Place::new(self.sections[section].name, offset);
        match self.function_at(section, offset) {
            Some(function) => place.in_symbol(function.name()),
            None => place,
        }
    }
}
