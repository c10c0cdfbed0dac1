// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The two rules for what the segments hold: sections that a vDSO can have, and notes that can be read.

use super::segments;
use crate::{Examination, LinkedImage};
use object::LittleEndian as LE;
use object::elf::{self, PT_NOTE};
use object::read::elf::ProgramHeader as _;
use vdso_elf::error::Error;
use vdso_elf::memory::Memory;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;
use vdso_elf::sections::{Section, sections};

pub(super) fn allocated_sections(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    const FORBIDDEN: [&str; 9] = [".got", ".plt", ".data", ".bss", ".tdata", ".tbss", ".init", ".fini", ".rel"];
    let elf = linked.image.elf()?;
    let memory = Memory::of(&elf).range();
    apart(&elf, examination);
    for section in sections(&elf).iter().filter(|section| section.is_allocated()) {
        let (addresses, offset) = (section.addresses(), section.header.sh_offset.get(LE));
        let place = Place::new(section.name.clone(), 0);
        // An empty section has no place that could be wrong.
        let inside = addresses.start >= memory.start && addresses.end <= memory.end && addresses.start == offset;
        examination.expect(
            inside || addresses.is_empty(),
            place.clone(),
            format_args!("section at address {:#x}..{:#x}, offset {offset:#x}", addresses.start, addresses.end),
            format_args!("an address that is the offset, inside PT_LOAD ({:#x}..{:#x})", memory.start, memory.end),
        );
        let kind = section.kind();
        let named = FORBIDDEN.iter().any(|name| section.name.starts_with(name));
        let typed = matches!(
            kind,
            elf::SHT_NOBITS | elf::SHT_INIT_ARRAY | elf::SHT_FINI_ARRAY | elf::SHT_REL | elf::SHT_RELA | elf::SHT_RELR
        );
        if !addresses.is_empty() && (named || typed || section.flags().contains(elf::SHF_TLS)) {
            examination.find(
                place,
                format!("{kind:?} of {:#x} bytes", addresses.end - addresses.start),
                "read-only data and code that need no work at load time",
                "a writable or thread-local variable, or a symbol that is reached through the GOT",
            );
        }
    }
    Ok(())
}

/// Rules that ask for an address in a section would take one in both for either.
fn apart(elf: &ElfFile<'_>, examination: &mut Examination) {
    let mut ranges: Vec<_> = sections(elf).into_iter().filter(Section::is_allocated).collect();
    ranges.retain(|section| !section.addresses().is_empty());
    ranges.sort_by_key(|section| section.addresses().start);
    for pair in ranges.windows(2) {
        let (first, second) = (pair[0].addresses(), pair[1].addresses());
        let found = format!("{} ends at {:#x}, inside of {}", pair[0].name, first.end, pair[1].name);
        let place = Place::new(pair[1].name.clone(), 0);
        examination.expect(first.end <= second.start, place, found, "sections with separate addresses");
    }
}

pub(super) fn notes(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let mut build_ids = 0;
    for (place, segment) in segments(elf.elf_program_headers()).filter(|(_, it)| it.p_type.get(LE) == PT_NOTE) {
        let broken = |error: object::Error| (error.to_string(), "complete notes, each padded to four bytes");
        let walk = |examination: &mut Examination| {
            let Some(mut notes) = segment.notes(LE, elf.data())? else { return Ok(0) };
            let mut found = 0;
            while let Some(note) = notes.next()? {
                examination.look();
                let build_id = note.name() == elf::ELF_NOTE_GNU && note.n_type(LE) == elf::NT_GNU_BUILD_ID;
                found += usize::from(build_id && note.desc().len() == 20);
            }
            Ok(found)
        };
        match walk(examination).map_err(broken) {
            Ok(found) => build_ids += found,
            Err((found, wanted)) => examination.find(place, found, wanted, "the segment was cut or moved"),
        }
    }
    let place = Place::new("PT_NOTE", 0);
    examination.expect(
        build_ids == 1,
        place,
        format_args!("{build_ids} SHA-1 build-ids"),
        "one: link with --build-id=sha1",
    );
    Ok(())
}
