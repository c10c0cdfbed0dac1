// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The program headers.

use super::{Subject, hex};
use object::LittleEndian as LE;
use object::elf::ProgramHeader64;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;

/// All program headers by type, in the order of the table.
pub(crate) fn segments(elf: &ElfFile<'_>) -> Vec<Subject> {
    let segments = (0u64..).zip(elf.elf_program_headers());
    let subjects = segments.map(|(index, it)| {
        let fields = vec![
            ("index", index.to_string()),
            ("p_flags", format!("{:?}", it.p_flags.get(LE))),
            ("p_offset", hex(it.p_offset.get(LE))),
            ("p_vaddr", hex(it.p_vaddr.get(LE))),
            ("p_paddr", hex(it.p_paddr.get(LE))),
            ("p_filesz", hex(it.p_filesz.get(LE))),
            ("p_memsz", hex(it.p_memsz.get(LE))),
            ("p_align", hex(it.p_align.get(LE))),
        ];
        let place = Place::new("program headers", size_of::<ProgramHeader64<LE>>() as u64 * index);
        Subject::new(format!("phdr[{:?}]", it.p_type.get(LE)), place, fields)
    });
    subjects.collect()
}
