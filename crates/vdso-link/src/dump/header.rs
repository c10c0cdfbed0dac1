// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The ELF header.

use super::{Subject, hex, pairs};
use object::LittleEndian as LE;
use object::elf::Ident;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;

/// All fields of the ELF header.
pub(crate) fn header(elf: &ElfFile<'_>) -> Vec<Subject> {
    let it = elf.elf_header();
    let ident = &object::pod::bytes_of(it)[..size_of::<Ident>()];
    let fields = vec![
        ("e_ident", pairs(ident)),
        ("e_type", format!("{:?}", it.e_type.get(LE))),
        ("e_machine", format!("{:?}", it.e_machine.get(LE))),
        ("e_version", hex(it.e_version.get(LE))),
        ("e_entry", hex(it.e_entry.get(LE))),
        ("e_phoff", hex(it.e_phoff.get(LE))),
        ("e_shoff", hex(it.e_shoff.get(LE))),
        ("e_flags", hex(it.e_flags.get(LE).0)),
        ("e_ehsize", hex(it.e_ehsize.get(LE))),
        ("e_phentsize", hex(it.e_phentsize.get(LE))),
        ("e_phnum", it.e_phnum.get(LE).to_string()),
        ("e_shentsize", hex(it.e_shentsize.get(LE))),
        ("e_shnum", it.e_shnum.get(LE).to_string()),
        ("e_shstrndx", it.e_shstrndx.get(LE).0.to_string()),
    ];
    vec![Subject::new("ehdr", Place::new("ELF header", 0), fields)]
}
