// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The section headers.

use super::{Subject, digest, hex, text};
use object::LittleEndian as LE;
use object::elf::{EM_X86_64, SHT_PROGBITS, SectionType, machine_names};
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;
use vdso_elf::sections::{self as read, Section, content};

/// Sections of plain bytes whose content other chapters tell by meaning.
const TOLD_ELSEWHERE: [&str; 2] = [".eh_frame", ".eh_frame_hdr"];

/// All sections by name, in the order of the table.
pub(crate) fn sections(elf: &ElfFile<'_>) -> Vec<Subject> {
    let subjects = read::sections(elf).into_iter().map(|section| {
        let it = section.header;
        // Unmapped sections may lie anywhere in the file.
        let offset = if section.is_allocated() { "sh_offset" } else { "sh_offset(unmapped)" };
        let fields = vec![
            ("index", section.index.to_string()),
            ("sh_type", kind(section.kind())),
            ("sh_flags", format!("{:?}", section.flags())),
            ("sh_addr", hex(it.sh_addr.get(LE))),
            (offset, hex(it.sh_offset.get(LE))),
            ("sh_size", hex(it.sh_size.get(LE))),
            ("sh_link", it.sh_link.get(LE).to_string()),
            ("sh_info", it.sh_info.get(LE).to_string()),
            ("sh_addralign", hex(it.sh_addralign.get(LE))),
            ("sh_entsize", hex(it.sh_entsize.get(LE))),
        ];
        Subject::new(format!("shdr[{}]", text(section.bytes)), Place::new(section.name.clone(), 0), fields)
    });
    subjects.collect()
}

/// The name of a section's type, those of the processor included.
fn kind(kind: SectionType) -> String {
    machine_names(EM_X86_64).sht.name(kind).map_or_else(|| format!("{kind:?}"), str::to_owned)
}

/// The content of sections that no other chapter lists, by section.
pub(super) fn contents(elf: &ElfFile<'_>) -> Vec<Subject> {
    let plain =
        |section: &Section<'_>| section.kind() == SHT_PROGBITS && !TOLD_ELSEWHERE.contains(&section.name.as_ref());
    let subjects = read::sections(elf).into_iter().filter(plain).map(|section| {
        let digest = content(elf, &section).map_or("outside of the file".into(), digest);
        let name = format!("content[{}]", text(section.bytes));
        Subject::new(name, Place::new(section.name, 0), vec![("digest", digest)])
    });
    subjects.collect()
}
