// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Rules for what the kernel maps: ELF header, program headers, and what the one load segment may hold.

mod contents;

use super::{ImageRule, always, debug_file};
use crate::layout::PAGE_BUDGET;
use crate::{Examination, LinkedImage, Rule};
use object::LittleEndian as LE;
use object::elf::{
    self, ELFOSABI_GNU, ELFOSABI_SYSV, ET_DYN, ET_EXEC, ET_REL, FileHeader64, PF_R, PF_X, PT_DYNAMIC, PT_GNU_EH_FRAME,
    PT_GNU_PROPERTY, PT_GNU_STACK, PT_LOAD, PT_NOTE, ProgramHeader64, ProgramType,
};
use vdso_abi::PAGE_SIZE;
use vdso_elf::error::Error;
use vdso_elf::memory::{Memory, file_bytes};
use vdso_elf::notes::linux_version;
use vdso_elf::place::Place;
use vdso_elf::sections::sections;

pub(super) static RULES: &[ImageRule] = &[
    ImageRule {
        rule: Rule {
            id: "image-segments/header",
            title: "ELF header is not that of a vDSO",
            requirement: "the ELF header is that of an x86-64 shared object for Linux, with headers of the usual sizes",
            reason: "Clients find the image in memory, without a file name, and check the header before they read on.",
            breaks: "rustix, which rejects the vDSO for an unusual OS ABI, type or header size; vdso2c, which accepts \
                     only ET_DYN.",
        },
        applies: always,
        apply: header,
    },
    ImageRule {
        rule: Rule {
            id: "image-segments/load",
            title: "PT_LOAD is not the whole image at address 0",
            requirement: "there is exactly one PT_LOAD, at offset 0 and address 0, aligned to a page, with equal sizes \
                          in file and memory",
            reason: "The kernel maps the pages of the file unchanged and loads nothing: an address must be an offset.",
            breaks: "vdso2c, which stops the kernel build; glibc, which loads no file with another alignment; Go and \
                     the kernel's self-tests, which compute addresses from the first PT_LOAD.",
        },
        applies: always,
        apply: load,
    },
    ImageRule {
        rule: Rule {
            id: "image-segments/permissions",
            title: "segment has wrong permissions",
            requirement: "PT_LOAD is readable and executable, and each other segment is readable only",
            reason: "The kernel maps the image read-only and executable for any header, and shares it between processes.",
            breaks: "Code that stores to the image, which faults at run time; rustix, which rejects an image whose \
                     PT_LOAD is not readable and executable.",
        },
        applies: always,
        apply: permissions,
    },
    ImageRule {
        rule: Rule {
            id: "image-segments/forbidden",
            title: "segment of a forbidden kind",
            requirement: "no segment is of a kind that vDSO images do not have, and the stack is not executable",
            reason: "PT_INTERP, PT_GNU_RELRO and PT_TLS need a dynamic linker, and no dynamic linker processes a vDSO. \
                     A file that is loaded as a library, such as the stand-alone image in tests, gets an executable \
                     stack unless it declines one.",
            breaks: "rustix, which takes an image with PT_INTERP or PT_GNU_RELRO for a program; thread-local data would \
                     be another library's; new glibcs do not load a file that requests an executable stack.",
        },
        applies: always,
        apply: forbidden,
    },
    ImageRule {
        rule: Rule {
            id: "image-segments/present",
            title: "required segment is missing or misplaced",
            requirement: "there is exactly one PT_DYNAMIC, PT_NOTE and PT_GNU_EH_FRAME, each where its section is, and \
                          all inside PT_LOAD",
            reason: "In memory these are the only way to the symbols, the notes and the unwind table.",
            breaks: "libcs, which find no symbol; unwinders, which stop at the vDSO; clients, which find no system call \
                     number.",
        },
        applies: always,
        apply: present,
    },
    ImageRule {
        rule: Rule {
            id: "image-segments/page-budget",
            title: "image exceeds its page budget",
            requirement: "the mapped pages fit the page budget",
            reason: "The kernel maps whole pages up to the end of the stripped file into every process.",
            breaks: "Every process: each further page costs a page-table entry and address space next to its stack.",
        },
        applies: always,
        apply: page_budget,
    },
    ImageRule {
        rule: Rule {
            id: "image-segments/sections",
            title: "allocated section is misplaced or not read-only",
            requirement: "allocated sections lie apart in PT_LOAD at address = offset, none for writable, per-thread or \
                          relocated data",
            reason: "The kernel's linker script folds writable data and GOT entries into .rodata without a warning; \
                     there they fault.",
            breaks: "gdb and perf, which place symbols by the section headers; no loader fills a GOT entry, so a call \
                     through it jumps to 0.",
        },
        applies: always,
        apply: contents::allocated_sections,
    },
    ImageRule {
        rule: Rule {
            id: "image-segments/notes",
            title: "notes are broken or have no build-id",
            requirement: "PT_NOTE is a sequence of complete notes, one of them a build-id of 20 bytes",
            reason: "Clients read the notes for the system call number, the splice for the kernel's version, debuggers \
                     for the build-id.",
            breaks: "Clients, whose walk over broken notes leaves the segment; perf and systemd-coredump, which cannot \
                     name the code without a build-id.",
        },
        applies: always,
        apply: contents::notes,
    },
];

fn header(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let header = elf.elf_header();
    let ident = header.e_ident;
    let os_abi = if ident.os_abi == ELFOSABI_GNU { ELFOSABI_GNU } else { ELFOSABI_SYSV };
    let padding = ident.padding.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte));
    let fields: [(&str, u64, u64, u64); 7] = [
        ("e_ident[EI_OSABI]", 7, ident.os_abi.0.into(), os_abi.0.into()),
        ("e_ident[EI_ABIVERSION]", 8, ident.abi_version.into(), 0),
        // The dynamic linker of glibc refuses anything else.
        ("e_ident[EI_PAD]", 9, padding, 0),
        ("e_version", 20, header.e_version.get(LE).into(), elf::EV_CURRENT.0.into()),
        ("e_flags", 48, header.e_flags.get(LE).0.into(), 0),
        ("e_ehsize", 52, header.e_ehsize.get(LE).into(), size_of::<FileHeader64<LE>>() as u64),
        ("e_phentsize", 54, header.e_phentsize.get(LE).into(), size_of::<ProgramHeader64<LE>>() as u64),
    ];
    for (name, offset, found, wanted) in fields {
        let place = Place::new("ELF header", offset);
        examination.expect(found == wanted, place, format_args!("{name} is {found:#x}"), format_args!("{wanted:#x}"));
    }
    let kind = header.e_type.get(LE);
    examination.look();
    if kind != ET_DYN {
        let next = match kind {
            ET_REL => "a relocatable object is looked at by `cargo xtask check`",
            ET_EXEC => "a program; the image inside of a vmlinux is had by `cargo xtask verify --vmlinux`",
            _ => "link with -shared",
        };
        examination.find(Place::new("ELF header", 16), format!("{kind:?}"), "ET_DYN", next);
    }
    let table = header.e_phoff.get(LE);
    let end = table.saturating_add(size_of_val(elf.elf_program_headers()) as u64);
    let inside = table >= size_of::<FileHeader64<LE>>() as u64 && end <= Memory::of(&elf).range().end;
    examination.expect(
        inside,
        Place::new("ELF header", 32),
        format_args!("program headers at {table:#x}..{end:#x}"),
        "program headers after the ELF header and inside PT_LOAD",
    );
    Ok(())
}

fn load(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let mut count = 0;
    for (place, segment) in segments(elf.elf_program_headers()).filter(|(_, it)| it.p_type.get(LE) == PT_LOAD) {
        count += 1;
        let (offset, address) = (segment.p_offset.get(LE), segment.p_vaddr.get(LE));
        let physical = segment.p_paddr.get(LE);
        let (in_file, in_memory) = (segment.p_filesz.get(LE), segment.p_memsz.get(LE));
        examination.expect(
            offset == 0 && address == 0 && physical == 0,
            place.clone(),
            format_args!("PT_LOAD at offset {offset:#x}, address {address:#x} ({physical:#x})"),
            "offset 0, address 0",
        );
        examination.expect(
            in_file == in_memory,
            place.clone(),
            format_args!("PT_LOAD takes {in_file:#x} bytes of the file and {in_memory:#x} of memory"),
            "equal sizes: no loader clears bytes that the file does not hold",
        );
        let alignment = segment.p_align.get(LE);
        examination.expect(
            alignment == PAGE_SIZE as u64,
            place.clone(),
            format_args!("PT_LOAD is aligned to {alignment:#x}"),
            format_args!("{PAGE_SIZE:#x}: link with -z max-page-size=4096"),
        );
        let there = file_bytes(elf.data(), segment).len() as u64;
        examination.expect(
            there == in_file,
            place,
            format_args!("PT_LOAD takes {in_file:#x} bytes of the file, which has {there:#x}"),
            "a segment that the file holds in full",
        );
    }
    examination.expect(count == 1, Place::new("program headers", 0), format_args!("{count} PT_LOAD"), "exactly one");
    Ok(())
}

fn permissions(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    for (place, segment) in segments(elf.elf_program_headers()) {
        let (kind, flags) = (segment.p_type.get(LE), segment.p_flags.get(LE));
        let (holds, wanted) = match kind {
            PT_LOAD => (flags == PF_R | PF_X, "PF_R | PF_X"),
            // Maps nothing; its flags are those of the stack.
            PT_GNU_STACK => continue,
            _ => (flags == PF_R, "PF_R"),
        };
        examination.expect(holds, place, format_args!("{kind:?} has flags {flags:?}"), wanted);
    }
    Ok(())
}

fn forbidden(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    const KNOWN: [ProgramType; 6] = [PT_LOAD, PT_DYNAMIC, PT_NOTE, PT_GNU_EH_FRAME, PT_GNU_PROPERTY, PT_GNU_STACK];
    let elf = linked.image.elf()?;
    for (place, segment) in segments(elf.elf_program_headers()) {
        let (kind, flags) = (segment.p_type.get(LE), segment.p_flags.get(LE));
        let executable_stack = kind == PT_GNU_STACK && flags.contains(PF_X);
        let found = if executable_stack { "an executable PT_GNU_STACK".into() } else { format!("{kind:?}") };
        examination.expect(KNOWN.contains(&kind) && !executable_stack, place, found, "no such segment");
    }
    // Kernels map their images themselves and leave it out.
    if linux_version(&elf).is_none() {
        let says = elf.elf_program_headers().iter().any(|segment| segment.p_type.get(LE) == PT_GNU_STACK);
        examination.expect(says, Place::new("program headers", 0), "no PT_GNU_STACK", "one: link with -z noexecstack");
    }
    Ok(())
}

fn present(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let memory = Memory::of(&elf).range();
    let sections = sections(&elf);
    // Few images have one, and it may say nothing; glibc reads it wherever it claims to be.
    for (place, segment) in segments(elf.elf_program_headers()).filter(|(_, it)| it.p_type.get(LE) == PT_GNU_PROPERTY) {
        let (start, size) = (segment.p_vaddr.get(LE), segment.p_memsz.get(LE));
        let inside = start.saturating_add(size) <= memory.end;
        let found = format!("PT_GNU_PROPERTY at address {start:#x}, {size:#x} bytes in memory");
        examination.expect(inside, place, found, "a segment inside PT_LOAD");
    }
    for (kind, section) in [(PT_DYNAMIC, ".dynamic"), (PT_NOTE, ".note"), (PT_GNU_EH_FRAME, ".eh_frame_hdr")] {
        let mut count = 0;
        for (place, segment) in segments(elf.elf_program_headers()).filter(|(_, it)| it.p_type.get(LE) == kind) {
            count += 1;
            let (offset, start) = (segment.p_offset.get(LE), segment.p_vaddr.get(LE));
            let physical = segment.p_paddr.get(LE);
            let (in_file, in_memory) = (segment.p_filesz.get(LE), segment.p_memsz.get(LE));
            let inside = start >= memory.start && start.saturating_add(in_memory) <= memory.end;
            examination.expect(
                inside && in_memory > 0 && offset == start && physical == start && in_file == in_memory,
                place.clone(),
                format_args!("{kind:?} at offset {offset:#x}, address {start:#x} ({physical:#x}), {in_file:#x} bytes in file, {in_memory:#x} in memory"),
                "a segment with content, inside PT_LOAD, at an address that is its offset",
            );
            // Several sections of notes may share one segment; it then begins with the first.
            let agrees = sections.iter().any(|it| it.name.starts_with(section) && it.addresses().start == start);
            examination.expect(
                agrees,
                place,
                format_args!("{kind:?} at address {start:#x}, where no {section} section begins"),
                format_args!("the address of {section}"),
            );
        }
        examination.expect(
            count == 1,
            Place::new("program headers", 0),
            format_args!("{count} {kind:?}"),
            "exactly one",
        );
    }
    Ok(())
}

fn page_budget(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    // The kernel build strips sections that only debuggers read, and then takes the whole file.
    let (mapped, what) = if debug_file(linked) {
        (Memory::of(&elf).range().end, "PT_LOAD")
    } else {
        (elf.data().len() as u64, "the stripped file")
    };
    let pages = mapped.div_ceil(PAGE_SIZE as u64);
    examination.look();
    if pages > PAGE_BUDGET {
        examination.find(
            Place::new("PT_LOAD", 0),
            format!("{what} takes {mapped:#x} bytes, {pages} pages"),
            format!("at most {PAGE_BUDGET} pages"),
            "the code has grown: see which function did, or argue for a larger PAGE_BUDGET in verify/segments.rs",
        );
    }
    Ok(())
}

/// All program headers, each with its place.
pub(super) fn segments(headers: &[ProgramHeader64<LE>]) -> impl Iterator<Item = (Place, &ProgramHeader64<LE>)> {
    let size = size_of::<ProgramHeader64<LE>>() as u64;
    (0..).zip(headers).map(move |(index, segment)| (Place::new("program headers", index * size), segment))
}
