// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Excerpts of a file at the place of a finding: the instructions around it in code, bytes elsewhere.

use crate::disassembly::{spaced, text};
use crate::parser::ElfFile;
use crate::place::Place;
use crate::printable::printable;
use iced_x86::{Decoder, DecoderOptions, Instruction};
use object::LittleEndian as LE;
use object::elf::{self, ET_REL, SHF_ALLOC, SHF_EXECINSTR, STT_FUNC, SectionHeader64};
use object::read::elf::{FileHeader as _, SectionHeader as _};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget};
use serde::Serialize;
use std::ops::Range;

/// One line of an excerpt.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Line {
    /// Offset in the section or table, in bytes.
    pub offset: u64,
    /// The bytes in hexadecimal digits, with blanks between them.
    pub bytes: String,
    /// The instruction that they are, in AT&T syntax; empty for data.
    pub text: String,
    /// Whether it is what the finding is about, and not its neighbour.
    pub here: bool,
}

/// As many bytes of data as fit a line.
const DATA_LEN: usize = 16;

/// The excerpt at a place; empty if the place is not in the file or its bytes explain nothing.
pub fn excerpt(elf: &ElfFile<'_>, place: &Place) -> Vec<Line> {
    let header = elf.elf_header();
    let base = match place.section.as_str() {
        // The first byte of the segment stands for the segment at large.
        "PT_LOAD" if place.offset == 0 => return Vec::new(),
        "ELF header" | "PT_LOAD" => 0,
        "program headers" => header.e_phoff(LE),
        "section headers" => header.e_shoff(LE),
        name => return of_section(elf, name, place.offset),
    };
    let start = base.checked_add(place.offset).and_then(|start| usize::try_from(start).ok());
    data(start.and_then(|start| elf.data().get(start..)), place.offset)
}

/// The excerpt at an offset of the first section with a name.
fn of_section(elf: &ElfFile<'_>, name: &str, offset: u64) -> Vec<Line> {
    let table = elf.elf_section_table();
    let mut sections = table.enumerate();
    let Some((index, section)) = sections.find(|(_, it)| table.section_name(LE, it) == Ok(name.as_bytes())) else {
        return Vec::new();
    };
    // The null symbol stands for the table at large.
    if offset == 0 && matches!(section.sh_type(LE), elf::SHT_SYMTAB | elf::SHT_DYNSYM) {
        return Vec::new();
    }
    let Ok(bytes) = section.data(LE, elf.data()) else { return Vec::new() };
    if section.sh_flags(LE).contains(SHF_ALLOC | SHF_EXECINSTR) {
        return code(elf, index, section, bytes, offset);
    }
    data(usize::try_from(offset).ok().and_then(|start| bytes.get(start..)), offset)
}

/// One line of bytes.
fn data(bytes: Option<&[u8]>, offset: u64) -> Vec<Line> {
    let bytes = bytes.unwrap_or(&[]);
    let shown = &bytes[..bytes.len().min(DATA_LEN)];
    if shown.is_empty() {
        return Vec::new();
    }
    vec![Line { offset, bytes: spaced(shown), text: String::new(), here: true }]
}

/// The instruction at an offset between its neighbours in the same function. Without a function it stands alone, because
/// nothing says where the one before begins.
fn code(
    elf: &ElfFile<'_>,
    index: object::SectionIndex,
    section: &SectionHeader64<LE>,
    bytes: &[u8],
    offset: u64,
) -> Vec<Line> {
    let end = bytes.len() as u64;
    if offset >= end {
        return Vec::new();
    }
    let around = function_at(elf, index, section, offset).unwrap_or(offset..end);
    let range = around.start..around.end.min(end);
    let Some(function) = bytes.get(range.start as usize..range.end as usize) else { return Vec::new() };
    let mut decoder = Decoder::with_ip(64, function, range.start, DecoderOptions::NONE);
    let mut before: Option<Instruction> = None;
    while decoder.can_decode() {
        let instruction = decoder.decode();
        if instruction.next_ip() <= offset {
            before = Some(instruction);
            continue;
        }
        let after = (decoder.can_decode() && !instruction.is_invalid()).then(|| decoder.decode());
        let line = |it: Instruction| Line {
            offset: it.ip(),
            bytes: spaced(&bytes[it.ip() as usize..it.next_ip() as usize]),
            text: text(&it) + &relocated(elf, index, &it),
            here: it.ip() == instruction.ip(),
        };
        return before.into_iter().chain([instruction]).chain(after).map(line).collect();
    }
    Vec::new()
}

/// The offsets of the function that covers an offset of a section.
fn function_at(
    elf: &ElfFile<'_>,
    index: object::SectionIndex,
    section: &SectionHeader64<LE>,
    offset: u64,
) -> Option<Range<u64>> {
    // Values are offsets in an object, and addresses in an image.
    let base = if elf.elf_header().e_type(LE) == ET_REL { 0 } else { section.sh_addr(LE) };
    let symbols = elf.symbols().chain(elf.dynamic_symbols());
    let functions = symbols.filter(|it| it.section_index() == Some(index) && it.elf_symbol().st_type() == STT_FUNC);
    let ranges = functions.filter_map(|it| {
        let start = it.address().checked_sub(base)?;
        Some(start..start.saturating_add(it.size()))
    });
    ranges.filter(|range| range.contains(&offset)).max_by_key(|range| range.start)
}

/// The symbol by which the linker will change an instruction of an object.
fn relocated(elf: &ElfFile<'_>, index: object::SectionIndex, instruction: &Instruction) -> String {
    let Ok(section) = elf.section_by_index(index) else { return String::new() };
    let range = instruction.ip()..instruction.next_ip();
    let found = section.relocations().find(|(offset, _)| range.contains(offset));
    let Some((_, relocation)) = found else { return String::new() };
    let RelocationTarget::Symbol(symbol) = relocation.target() else { return String::new() };
    match elf.symbol_by_index(symbol).and_then(|symbol| symbol.name()) {
        Ok(name) if !name.is_empty() => printable(&format!(", relocated by {:#}", rustc_demangle::demangle(name))),
        _ => String::new(),
    }
}
