// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The parts of an object, read once: sections, relocations, symbols, functions and frames, all with checked access.
//!
//! An unreadable part is an [`Error::Malformed`] here, so that no rule has to fail.

pub mod flow;
pub mod frames;
pub mod functions;
mod reader;
pub mod tables;

use self::frames::Frame;
use self::functions::{Code, Function};
use self::reader::Reader;
use self::tables::{Relocation, Section, Symbol};
use crate::bounds;
use crate::error::Error;
use crate::object::Object;
use crate::place::Place;
use object::LittleEndian as LE;
use object::elf;

/// The parts of an object that rules check.
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

impl<'data> Anatomy<'data> {
    /// Reads all of an object.
    ///
    /// # Errors
    /// [`Error::Malformed`] where something cannot be read, or is for another machine.
    pub fn of(object: &'data Object) -> Result<Self, Error> {
        let file = object.elf()?;
        bounds::object(object.path(), &file)?;
        let reader = Reader::of(object.path(), object.data(), &file);
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
