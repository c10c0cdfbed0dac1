// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Holds the bytes of a splice against those of its original: what is mapped address by address, the rest by section.

use crate::diff::{Comparison, Difference};
use object::LittleEndian as LE;
use object::elf::{Dyn64, FileHeader64, PT_DYNAMIC, SHT_SYMTAB};
use std::ops::Range;
use vdso_elf::dynamic::Dynamic;
use vdso_elf::memory::Memory;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;
use vdso_elf::sections::{Section, content, place, sections};

/// Every mapped byte of the original that is not in a header or the dynamic table.
pub(super) fn mapped(old: &ElfFile<'_>, new: &ElfFile<'_>) -> Comparison {
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
    let subject = format!("bytes[{}]", place.section);
    Difference { subject, field: "content", place, old: show(was), new: show(is) }
}

/// The addresses whose content is compared by the fields of headers and dynamic entries.
fn compared_by_field(elf: &ElfFile<'_>) -> Vec<Range<u64>> {
    let table = elf.elf_header().e_phoff.get(LE);
    let segments = elf.elf_program_headers();
    let mut ranges =
        vec![0..size_of::<FileHeader64<LE>>() as u64, table..table.saturating_add(size_of_val(segments) as u64)];
    if let Some(segment) = segments.iter().find(|segment| segment.p_type.get(LE) == PT_DYNAMIC) {
        // The bytes after DT_NULL have no meaning to compare, so they must be equal.
        let entries = Dynamic::of(elf).entries.len() as u64 * size_of::<Dyn64<LE>>() as u64;
        let start = segment.p_vaddr.get(LE);
        ranges.push(start..start.saturating_add(entries));
    }
    ranges
}

/// The content of the sections that are not mapped, by index; bytes added after it are another difference than a change.
pub(super) fn unmapped(old: &ElfFile<'_>, new: &ElfFile<'_>) -> Comparison {
    let mut comparison = Comparison::default();
    let after = sections(new);
    // The splice inserts symbols for debuggers; `image-untouched/debug-symbols` compares them.
    let compared = |section: &&Section<'_>| !section.is_allocated() && section.kind() != SHT_SYMTAB;
    for was in sections(old).iter().filter(compared) {
        // A section that is lost is missing among the headers.
        let Some(is) = after.get(was.index - 1) else { continue };
        let (a, b) = (content(old, was).unwrap_or(&[]), content(new, is).unwrap_or(&[]));
        comparison.compared += 1;
        if a != b {
            comparison.differences.push(Difference {
                subject: format!("content[{}]", was.name),
                field: if b.starts_with(a) { "appended" } else { "changed" },
                place: Place::new(was.name.clone(), 0),
                old: format!("{} bytes", a.len()),
                new: format!("{} bytes", b.len()),
            });
        }
    }
    comparison
}
