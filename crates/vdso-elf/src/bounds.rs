// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Bounds on the contents of a file: many times the contents of an object or a vDSO image.
//!
//! Rules compare the entries of tables with each other, and some readers keep the entries. With these bounds on the tables,
//! time and memory grow in proportion to the length of any file. Check, verify, dump, splice and unsplice begin with them.

use crate::error::Error;
use crate::image::Image;
use crate::memory::file_bytes;
use crate::parser::ElfFile;
use object::LittleEndian as LE;
use object::elf::{SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS, SHT_REL, SHT_RELA, SHT_STRTAB, SectionHeader64};
use object::read::elf::SectionHeader as _;
use std::path::Path;

/// The most bytes of an image that are mapped, by any segment or section. Real ones have two to four pages. With this bound no
/// distance between two places overflows the 32 bits of a relative address, and comparing all records with each other stays
/// quick.
const MAPPED: u64 = 1 << 16;
/// Program headers.
const SEGMENTS: u64 = 32;
/// Section headers; a kernel's image with all its debug information has about forty.
const SECTIONS: u64 = 512;
/// Symbols for debuggers.
const SYMBOLS: u64 = 1 << 13;
/// Dynamic symbols, each of which is looked up in the ways of all clients.
const DYNAMIC_SYMBOLS: u64 = 512;
/// Bytes of a string table.
const STRINGS: u64 = 1 << 20;
/// Bytes of a name. Rust writes out the types in its names.
const NAME: u64 = 1 << 10;
/// Bytes of code in an object; the rules allow an eighth.
const CODE: u64 = 1 << 17;
/// Bytes of unwind tables in an object, which are held in memory row by row.
const FRAMES: u64 = 1 << 16;
/// Relocations in an object.
const RELOCATIONS: u64 = 1 << 14;

/// A kind of thing, its count, and the greatest allowed count.
type Count = (&'static str, u64, u64);

/// Makes sure that an image is of the size of images.
///
/// # Errors
/// [`Error::Refused`] where it is not, [`Error::Malformed`] where its sections overlap in the file.
pub fn image(image: &Image) -> Result<(), Error> {
    let elf = image.elf()?;
    let of_segments = elf.elf_program_headers().iter().map(|segment| file_bytes(elf.data(), segment).len() as u64);
    let allocated = with_content(&elf).filter(|section| section.sh_flags(LE).contains(SHF_ALLOC));
    let mapped = of_segments.chain(allocated.map(|section| section.sh_size(LE))).max();
    let counts = [("bytes in a segment or a mapped section", mapped.unwrap_or(0), MAPPED)];
    within(image.path(), counts.into_iter().chain(of_both(&elf)), "name a vDSO image; none is that large")?;
    apart(image.path(), &elf)
}

/// The same for an object.
///
/// # Errors
/// As [`image`].
pub fn object(path: &Path, elf: &ElfFile<'_>) -> Result<(), Error> {
    let total = |wanted: &dyn Fn(&SectionHeader64<LE>) -> bool| {
        with_content(elf)
            .filter(|section| wanted(section))
            .fold(0, |sum: u64, section| sum.saturating_add(section.sh_size(LE)))
    };
    let table = elf.elf_section_table();
    let counts = [
        ("bytes of code", total(&|section| section.sh_flags(LE).contains(SHF_ALLOC | SHF_EXECINSTR)), CODE),
        ("bytes of .eh_frame", total(&|section| table.section_name(LE, section) == Ok(b".eh_frame")), FRAMES),
        // Counts entries of the smaller of the two kinds: the size in the header may be wrong.
        ("relocations", total(&|section| matches!(section.sh_type(LE), SHT_RELA | SHT_REL)) / 24, RELOCATIONS),
    ];
    // First what makes it cheap to look at names.
    within(path, of_both(elf).chain(counts), "name vgetrandom.o, which has a few kilobytes")?;
    apart(path, elf)
}

/// The counts that apply to objects and to images.
fn of_both(elf: &ElfFile<'_>) -> impl Iterator<Item = Count> {
    let names = elf.elf_header().e_shstrndx.get(LE).0;
    let strings = elf.elf_section_table().iter().enumerate();
    let strings =
        strings.filter(move |(index, section)| section.sh_type(LE) == SHT_STRTAB || *index == usize::from(names));
    let strings: Vec<&[u8]> = strings.filter_map(|(_, section)| section.data(LE, elf.data()).ok()).collect();
    let longest = |bytes: &&[u8]| bytes.split(|&byte| byte == 0).map(<[u8]>::len).max();
    let few_and_short = strings.iter().all(|bytes| bytes.len() as u64 <= STRINGS);
    [
        ("program headers", elf.elf_program_headers().len() as u64, SEGMENTS),
        ("sections", elf.elf_section_table().len() as u64, SECTIONS),
        ("symbols", elf.elf_symbol_table().len() as u64, SYMBOLS),
        ("dynamic symbols", elf.elf_dynamic_symbol_table().len() as u64, DYNAMIC_SYMBOLS),
        ("bytes of a string table", strings.iter().map(|bytes| bytes.len() as u64).max().unwrap_or(0), STRINGS),
        (
            "bytes of a name",
            strings.iter().filter(|_| few_and_short).filter_map(longest).max().unwrap_or(0) as u64,
            NAME,
        ),
    ]
    .into_iter()
}

/// The sections with bytes in the file.
fn with_content<'data>(elf: &ElfFile<'data>) -> impl Iterator<Item = &'data SectionHeader64<LE>> {
    elf.elf_section_table().iter().filter(|section| section.sh_type(LE) != SHT_NOBITS)
}

fn within(path: &Path, mut counts: impl Iterator<Item = Count>, next: &str) -> Result<(), Error> {
    let Some((what, count, most)) = counts.find(|(_, count, most)| count > most) else { return Ok(()) };
    let what = format!("{count} {what}, where at most {most} are looked at");
    Err(Error::Refused { path: path.into(), what, next: next.into() })
}

/// Sections that share bytes could make a small file as long to look at as they like.
fn apart(path: &Path, elf: &ElfFile<'_>) -> Result<(), Error> {
    let total = with_content(elf).skip(1).fold(0, |sum: u64, section| sum.saturating_add(section.sh_size(LE)));
    if total <= elf.data().len() as u64 {
        return Ok(());
    }
    Err(Error::Malformed {
        path: path.into(),
        offset: elf.elf_header().e_shoff.get(LE),
        what: format!("sections of {total} bytes, which overlap in the file or leave it"),
        wanted: "sections with separate bytes".into(),
    })
}
