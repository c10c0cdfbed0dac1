// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The parser of `object` for the one kind of file that the project accepts: ELF64, little-endian, x86-64.

use crate::error::Error;
use object::LittleEndian as LE;
use object::elf::{ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB, ELFMAG, EM_X86_64, FileHeader64};
use object::read::elf::FileHeader as _;
use std::mem::offset_of;
use std::path::Path;

/// The parser of `object` for the one kind of file that we accept.
pub type ElfFile<'data> = object::read::elf::ElfFile64<'data, LE>;

type Header = FileHeader64<LE>;

/// Parses a file of that kind.
///
/// # Errors
/// [`Error::Malformed`]: in our words for what users mistake for one, in the parser's for all else.
pub fn parse<'data>(path: &Path, data: &'data [u8]) -> Result<ElfFile<'data>, Error> {
    let malformed = |(offset, what)| Error::Malformed {
        path: path.into(),
        offset,
        what,
        wanted: "a complete ELF64 little-endian file for x86-64; name another file, or make this one anew".into(),
    };
    if let Some(mistake) = mistake(data) {
        return Err(malformed(mistake));
    }
    ElfFile::parse(data).map_err(|error| malformed((0, error.to_string())))
}

/// Where and in what a file differs at once from the kind that we accept.
fn mistake(data: &[u8]) -> Option<(u64, String)> {
    header_mistake(data).or_else(|| cut(data))
}

/// The same of the file header alone, of which `data` begins with as much as there is.
pub fn header_mistake(data: &[u8]) -> Option<(u64, String)> {
    if data.is_empty() {
        return Some((0, "an empty file".into()));
    }
    if !data.starts_with(&ELFMAG) {
        return Some((0, "no ELF file".into()));
    }
    let (class, order) = (data.get(4).copied(), data.get(5).copied());
    if class != Some(ELFCLASS64.0) {
        let what = if class == Some(ELFCLASS32.0) { "a 32-bit file" } else { "neither a 32-bit nor a 64-bit file" };
        return Some((4, what.into()));
    }
    if order != Some(ELFDATA2LSB.0) {
        let what = if order == Some(ELFDATA2MSB.0) { "a big-endian file" } else { "no known byte order" };
        return Some((5, what.into()));
    }
    // The parser says what is wrong with a header that it does not take.
    let machine = Header::parse(data).ok()?.e_machine(LE);
    (machine != EM_X86_64).then(|| (offset_of!(Header, e_machine) as u64, format!("a file for {machine:?}")))
}

/// Most files that are cut short have lost their section headers, which stand last.
fn cut(data: &[u8]) -> Option<(u64, String)> {
    let header = Header::parse(data).ok()?;
    let sections = header.e_shoff(LE);
    let end = sections.saturating_add(u64::from(header.e_shentsize(LE)) * u64::from(header.e_shnum(LE)));
    let len = data.len() as u64;
    (end > len).then(|| (len, format!("the file ends, its section headers at {end:#x}")))
}
