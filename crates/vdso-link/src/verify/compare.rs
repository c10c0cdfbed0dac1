// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Holds two images against each other: headers and dynamic entries field by field, all else byte by byte.

use super::difference::Difference;
use super::read::dynamic::Dynamic;
use super::read::memory::Memory;
use super::read::sections::{Section, content, place, sections};
use crate::object_file::ElfFile;
use crate::rule::Place;
use object::LittleEndian as LE;
use object::elf::{
    DT_GNU_HASH, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_VERDEF, DT_VERSYM, Dyn64, DynamicTag, FileHeader64, Ident,
    PT_DYNAMIC, ProgramHeader64, SHT_SYMTAB,
};
use std::ops::Range;

/// What was compared, and what differs.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// How many fields or bytes were held against each other.
    pub(super) compared: usize,
    /// Those that differ.
    pub(super) differences: Vec<Difference>,
}

impl Comparison {
    fn field(&mut self, subject: &str, field: &str, place: &Place, original: u64, spliced: u64) {
        self.text(subject, field, place, format!("{original:#x}"), format!("{spliced:#x}"));
    }

    fn text(&mut self, subject: &str, field: &str, place: &Place, original: String, spliced: String) {
        self.compared += 1;
        if original != spliced {
            self.differences.push(Difference {
                key: format!("{subject}.{field}"),
                place: place.clone(),
                original,
                spliced,
            });
        }
    }
}

/// ELF header and program headers, field by field.
pub(super) fn headers(old: &ElfFile<'_>, new: &ElfFile<'_>) -> Comparison {
    let mut comparison = Comparison::default();
    let (a, b) = (old.elf_header(), new.elf_header());
    let place = Place::new("ELF header", 0);
    let ident = |header: &FileHeader64<LE>| format!("{:02x?}", &object::pod::bytes_of(header)[..size_of::<Ident>()]);
    comparison.text("ehdr", "e_ident", &place, ident(a), ident(b));
    let fields = |header: &FileHeader64<LE>| {
        [
            ("e_type", header.e_type.get(LE).0.into()),
            ("e_machine", header.e_machine.get(LE).0.into()),
            ("e_version", header.e_version.get(LE).into()),
            ("e_entry", header.e_entry.get(LE)),
            ("e_phoff", header.e_phoff.get(LE)),
            ("e_shoff", header.e_shoff.get(LE)),
            ("e_flags", header.e_flags.get(LE).0.into()),
            ("e_ehsize", header.e_ehsize.get(LE).into()),
            ("e_phentsize", header.e_phentsize.get(LE).into()),
            ("e_phnum", header.e_phnum.get(LE).into()),
            ("e_shentsize", header.e_shentsize.get(LE).into()),
            ("e_shnum", header.e_shnum.get(LE).into()),
            ("e_shstrndx", u64::from(header.e_shstrndx.get(LE).0)),
        ]
    };
    for ((name, was), (_, is)) in fields(a).into_iter().zip(fields(b)) {
        comparison.field("ehdr", name, &place, was, is);
    }

    let fields = |segment: &ProgramHeader64<LE>| {
        [
            ("p_type", segment.p_type.get(LE).0.into()),
            ("p_flags", segment.p_flags.get(LE).0.into()),
            ("p_offset", segment.p_offset.get(LE)),
            ("p_vaddr", segment.p_vaddr.get(LE)),
            ("p_paddr", segment.p_paddr.get(LE)),
            ("p_filesz", segment.p_filesz.get(LE)),
            ("p_memsz", segment.p_memsz.get(LE)),
            ("p_align", segment.p_align.get(LE)),
        ]
    };
    // A different number of segments shows as e_phnum.
    for (index, (a, b)) in (0..).zip(old.elf_program_headers().iter().zip(new.elf_program_headers())) {
        let place = Place::new("program headers", size_of::<ProgramHeader64<LE>>() as u64 * index);
        for ((name, was), (_, is)) in fields(a).into_iter().zip(fields(b)) {
            comparison.field(&format!("phdr[{:?}]", a.p_type.get(LE)), name, &place, was, is);
        }
    }
    comparison
}

/// The entries that hold an address.
const TABLES: [DynamicTag; 6] = [DT_HASH, DT_GNU_HASH, DT_SYMTAB, DT_STRTAB, DT_VERSYM, DT_VERDEF];

/// The dynamic entries, one by one.
pub(super) fn dynamic(old: &ElfFile<'_>, new: &ElfFile<'_>) -> Comparison {
    let mut comparison = Comparison::default();
    let (old, new) = (Dynamic::of(old), Dynamic::of(new));
    let place = Place::new(".dynamic", 0);
    comparison.field("dynamic", "entries", &place, old.entries.len() as u64, new.entries.len() as u64);
    for (a, b) in old.entries.iter().zip(&new.entries) {
        let subject = format!("dynamic[{:?}]", a.tag);
        let place = Place::new(".dynamic", a.offset);
        comparison.text(&subject, "d_tag", &place, format!("{:?}", a.tag), format!("{:?}", b.tag));
        // The ABI gives one field two names.
        let field = if TABLES.contains(&a.tag) { "d_ptr" } else { "d_val" };
        comparison.field(&subject, field, &place, a.value, b.value);
    }
    comparison
}

/// Every mapped byte of the original that is not in a header or the dynamic table.
pub(super) fn bytes(old: &ElfFile<'_>, new: &ElfFile<'_>) -> Comparison {
    let mut comparison = Comparison::default();
    let compared_by_field = compared_by_field(old);
    let (was, is) = (Memory::of(old), Memory::of(new));
    let mut run: Option<Range<u64>> = None;
    for address in was.range() {
        if compared_by_field.iter().any(|range| range.contains(&address)) {
            continue;
        }
        comparison.compared += 1;
        if was.bytes(address, 1) == is.bytes(address, 1) {
            continue;
        }
        match &mut run {
            Some(run) if run.end == address => run.end += 1,
            _ => {
                let before = run.replace(address..address + 1);
                comparison.differences.extend(before.map(|run| changed(old, was, is, &run)));
            }
        }
    }
    comparison.differences.extend(run.map(|run| changed(old, was, is, &run)));
    comparison
}

/// The difference of a range of bytes.
fn changed(old: &ElfFile<'_>, was: Memory<'_>, is: Memory<'_>, run: &Range<u64>) -> Difference {
    /// As many bytes as fit a line.
    const SHOWN: u64 = 16;
    let place = place(old, run.start);
    let length = run.end - run.start;
    let show = |memory: Memory<'_>| match memory.bytes(run.start, length.min(SHOWN)) {
        Some(bytes) if length > SHOWN => format!("{bytes:02x?} and so on, {length} bytes"),
        Some(bytes) => format!("{bytes:02x?}"),
        None => "not mapped".into(),
    };
    Difference { key: format!("bytes[{}].content", place.section), place, original: show(was), spliced: show(is) }
}

/// The addresses whose content [`headers`] and [`dynamic`] compare.
fn compared_by_field(elf: &ElfFile<'_>) -> Vec<Range<u64>> {
    let table = elf.elf_header().e_phoff.get(LE);
    let segments = elf.elf_program_headers();
    let mut ranges =
        vec![0..size_of::<FileHeader64<LE>>() as u64, table..table.saturating_add(size_of_val(segments) as u64)];
    if let Some(segment) = segments.iter().find(|segment| segment.p_type.get(LE) == PT_DYNAMIC) {
        // What stands behind the end mark has no meaning that could be compared, so it must be equal as bytes.
        let entries = Dynamic::of(elf).entries.len() as u64 * size_of::<Dyn64<LE>>() as u64;
        let start = segment.p_vaddr.get(LE);
        ranges.push(start..start.saturating_add(entries));
    }
    ranges
}

/// Section headers by index, fields by name, and the content of what is not mapped.
pub(super) fn section_headers(old: &ElfFile<'_>, new: &ElfFile<'_>) -> Comparison {
    let mut comparison = Comparison::default();
    let (before, after) = (sections(old), sections(new));
    for was in &before {
        let place = Place::new(was.name.clone(), 0);
        let subject = format!("shdr[{}]", was.name);
        let Some(is) = after.get(was.index - 1) else {
            comparison.text(&subject, "lost", &place, "a section".into(), "nothing".into());
            continue;
        };
        comparison.text(&subject, "name", &place, was.name.clone(), is.name.clone());
        for ((field, a), (_, b)) in fields(was).into_iter().zip(fields(is)) {
            let unmapped = field == "sh_offset" && !was.is_allocated();
            comparison.field(if unmapped { "shdr[unmapped]" } else { &subject }, field, &place, a, b);
        }
        // Symbols for debuggers are put in between; a rule of their own holds them against each other.
        if !was.is_allocated() && was.kind() != SHT_SYMTAB {
            let (a, b) = (content(old, was).unwrap_or(&[]), content(new, is).unwrap_or(&[]));
            let shown = |bytes: &[u8]| format!("{} bytes", bytes.len());
            let field = if b.starts_with(a) { "appended" } else { "changed" };
            comparison.compared += 1;
            if a != b {
                let key = format!("content[{}].{field}", was.name);
                comparison.differences.push(Difference { key, place, original: shown(a), spliced: shown(b) });
            }
        }
    }
    for added in after.iter().skip(before.len()) {
        let subject = format!("shdr[{}]", added.name);
        comparison.text(&subject, "added", &Place::new(added.name.clone(), 0), "nothing".into(), "a section".into());
    }
    comparison
}

/// All fields of a section header but its name, which is compared as a string.
fn fields(section: &Section<'_>) -> [(&'static str, u64); 9] {
    let header = section.header;
    [
        ("sh_type", header.sh_type.get(LE).0.into()),
        ("sh_flags", header.sh_flags.get(LE).0),
        ("sh_addr", header.sh_addr.get(LE)),
        ("sh_offset", header.sh_offset.get(LE)),
        ("sh_size", header.sh_size.get(LE)),
        ("sh_link", header.sh_link.get(LE).into()),
        ("sh_info", header.sh_info.get(LE).into()),
        ("sh_addralign", header.sh_addralign.get(LE)),
        ("sh_entsize", header.sh_entsize.get(LE)),
    ]
}
