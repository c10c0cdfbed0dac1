// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Family `header`: what kind of file the object is.

use super::ObjectRule;
use crate::{Examination, Rule};
use object::LittleEndian as LE;
use object::elf;
use object::read::elf::FileHeader as _;
use std::mem::offset_of;
use vdso_elf::anatomy::Anatomy;
use vdso_elf::place::Place;

type Header = elf::FileHeader64<LE>;

const STACK_NOTE: &str = ".note.GNU-stack";

/// Prefixes of the names of sections with intermediate code: of GCC, and of LLVM beside machine code.
const INTERMEDIATE_CODE: [&str; 2] = [".gnu.lto_", ".llvm.lto"];

/// The rules of the family.
pub static RULES: [ObjectRule; 2] = [
    ObjectRule {
        rule: Rule {
            id: "header/identity",
            title: "not a relocatable x86-64 object of machine code",
            requirement: "the file is an ELF64 little-endian relocatable object for x86-64, System V ABI, without \
                          flags, of machine code alone",
            reason: "The linker stage takes no images. GNU extensions of the ABI (indirect functions, unique symbols) \
                     need a dynamic linker, which a vDSO does not have. From intermediate code a linker generates other \
                     machine code than was checked.",
            breaks: "rust-lld and GNU ld, which reject the file or link another format.",
        },
        apply: identity,
    },
    ObjectRule {
        rule: Rule {
            id: "header/stack-note",
            title: "no note that the stack need not be executable",
            requirement: "an empty .note.GNU-stack section without SHF_EXECINSTR says that the code needs no executable \
                          stack",
            reason: "If one object lacks the note, GNU ld gives the whole image a PT_GNU_STACK that requests an \
                     executable stack.",
            breaks: "Loaders that open the image as a shared object: glibc's dlopen rejects it or makes all stacks \
                     executable.",
        },
        apply: stack_note,
    },
];

fn identity(object: &Anatomy, examination: &mut Examination) {
    let place = |offset: usize| Place::new("ELF header", offset as u64);
    let kind = object.header.e_type(LE);
    examination.look();
    if kind != elf::ET_REL {
        let name = elf::names().et.name(kind).map_or_else(|| format!("e_type {}", kind.0), str::to_owned);
        let cause = "a linked image is looked at by `cargo xtask verify`";
        examination.find(place(offset_of!(Header, e_type)), name, "ET_REL", cause);
    }
    let abi = object.header.e_ident.os_abi;
    examination.look();
    if abi != elf::ELFOSABI_SYSV {
        let cause = "STT_GNU_IFUNC or STB_GNU_UNIQUE symbols make assemblers write ELFOSABI_GNU; use neither";
        examination.find(place(7), format!("OS ABI {}", abi.0), "ELFOSABI_SYSV (0)", cause);
    }
    let flags = object.header.e_flags(LE).0;
    let place = place(offset_of!(Header, e_flags));
    examination.expect(flags == 0, place, format!("e_flags {flags:#x}"), "0: x86-64 defines no flags");
    examination.look();
    let is_intermediate = |name: &str| INTERMEDIATE_CODE.iter().any(|prefix| name.starts_with(prefix));
    if let Some(section) = object.sections.iter().find(|section| is_intermediate(section.name)) {
        let cause = "compiled with -flto: compile without";
        examination.find(Place::new(section.name, 0), "intermediate code", "machine code alone", cause);
    }
}

fn stack_note(object: &Anatomy, examination: &mut Examination) {
    examination.look();
    let Some(note) = object.sections.iter().find(|section| section.name == STACK_NOTE) else {
        let cause = "assembly that did not go through rustc: add `.section .note.GNU-stack,\"\",@progbits`";
        examination.find(Place::new(STACK_NOTE, 0), "no such section", "an empty, non-executable section", cause);
        return;
    };
    if note.flags.contains(elf::SHF_EXECINSTR) {
        let cause = "a directive asked for an executable stack; no code here needs one";
        examination.find(Place::new(STACK_NOTE, 0), "SHF_EXECINSTR is set", "flags without SHF_EXECINSTR", cause);
    }
}
