// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Places of a file by name. The index of a name is part of the fuzzer's inputs: append new names at the end.

use object::LittleEndian as LE;
use object::elf::FileHeader64;
use object::read::elf::ElfFile64;
use object::{Object as _, ObjectSection as _};
use std::collections::BTreeMap;
use std::ops::Range;

/// The names of places: tables of the file, then sections of objects and images.
pub(crate) const NAMES: [&str; 38] = [
    "file",
    "ELF-header",
    "program-headers",
    "section-headers",
    ".hash",
    ".gnu.hash",
    ".dynsym",
    ".dynstr",
    ".gnu.version",
    ".gnu.version_d",
    ".dynamic",
    ".note",
    ".note.gnu.build-id",
    ".eh_frame_hdr",
    ".eh_frame",
    ".text",
    ".rodata",
    ".altinstructions",
    ".altinstr_replacement",
    "__ex_table",
    ".symtab",
    ".strtab",
    ".shstrtab",
    ".text.vgetrandom",
    ".rodata.vgetrandom",
    ".vgetrandom.original",
    ".remark",
    ".rela.text",
    ".rela.eh_frame",
    ".text.entry",
    ".rela.text.entry",
    ".text.getrandom_syscall",
    ".text.fill",
    ".rela.text.fill",
    ".text.cipher",
    ".rela.text.cipher",
    ".comment",
    ".note.GNU-stack",
];

/// Returns the byte ranges of the named places by their indices. Absent and empty places are left out.
pub(crate) fn places(data: &[u8]) -> BTreeMap<usize, Range<usize>> {
    let elf = ElfFile64::<LE>::parse(data).expect("a good file is an ELF file");
    let header = elf.elf_header();
    let table = |start: u64, length: usize| start as usize..start as usize + length;
    let place = |name: &str| match name {
        "file" => Some(0..data.len()),
        "ELF-header" => Some(0..size_of::<FileHeader64<LE>>()),
        "program-headers" => Some(table(header.e_phoff.get(LE), size_of_val(elf.elf_program_headers()))),
        "section-headers" => {
            Some(table(header.e_shoff.get(LE), size_of_val(elf.elf_section_table().iter().as_slice())))
        }
        name => {
            let (start, length) = elf.section_by_name(name)?.file_range()?;
            Some(table(start, length as usize))
        }
    };
    let places = NAMES.iter().enumerate().filter_map(|(number, name)| Some((number, place(name)?)));
    places.filter(|(_, place)| !place.is_empty() && place.end <= data.len()).collect()
}
