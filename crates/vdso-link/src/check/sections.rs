// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Family `sections`: what of the object comes to lie in memory.
//!
//! Each allocated section with content belongs to one [`Class`], and one rule speaks of it.

use super::ObjectRule;
use crate::{Examination, Rule};
use object::elf;
use vdso_elf::anatomy::Anatomy;
use vdso_elf::anatomy::frames::EH_FRAME;
use vdso_elf::anatomy::tables::Section;
use vdso_elf::place::Place;

/// Most bytes that all sections of a kind may have together; the image must stay within the pages that kernels expect.
const BUDGETS: [(&str, u64); 3] = [(TEXT, 16 << 10), (RODATA, 4 << 10), (EH_FRAME, 4 << 10)];

const TEXT: &str = ".text";
const RODATA: &str = ".rodata";

/// The rules of the family.
pub static RULES: [ObjectRule; 6] = [
    ObjectRule {
        rule: Rule {
            id: "sections/allocated",
            title: "unexpected allocated section",
            requirement: "allocated sections are executable .text*, read-only .rodata* and .eh_frame, all of them \
                          PROGBITS",
            reason: "The linker scripts of vDSO images place exactly these; the linker chooses a place for any other \
                     section.",
            breaks: "The kernel build: vdso2c and the linker script expect no other section; at run time an orphan \
                     section can lie outside the one PT_LOAD.",
        },
        apply: allocated,
    },
    ObjectRule {
        rule: Rule {
            id: "sections/writable",
            title: "writable section",
            requirement: "no section with content is writable",
            reason: "The kernel maps one copy of the image read-only into every process; its linker script folds .data \
                     and .bss into .rodata without a warning.",
            breaks: "Every program, by SIGSEGV at the first store; data without stores is shared by all processes.",
        },
        apply: writable,
    },
    ObjectRule {
        rule: Rule {
            id: "sections/tls",
            title: "thread-local section",
            requirement: "no section with content is thread-local",
            reason: "No loader allocates thread-local storage for a vDSO.",
            breaks: "Every program: the access reaches data that the C library or Go keeps at that offset from %fs.",
        },
        apply: thread_local,
    },
    ObjectRule {
        rule: Rule {
            id: "sections/init",
            title: "section of constructors or destructors",
            requirement: "no section holds constructors or destructors",
            reason: "No loader runs the initialisers of a vDSO.",
            breaks: "The object itself, which would wait for a setup that never happens.",
        },
        apply: init,
    },
    ObjectRule {
        rule: Rule {
            id: "sections/got",
            title: "GOT or PLT section",
            requirement: "no section is a GOT or a PLT",
            reason: "No dynamic linker fills the tables of a vDSO.",
            breaks: "Every program that calls through them: the entries hold link-time addresses.",
        },
        apply: got,
    },
    ObjectRule {
        rule: Rule {
            id: "sections/budget",
            title: "section exceeds its size budget",
            requirement: "text, read-only data and unwind table stay within their budgets in bytes",
            reason: "The image is mapped into every process, and a kernel's vDSO has a small fixed number of pages; \
                     growth means that the compiler added a library function or formatting code.",
            breaks: "Kernel builds that reserve address space by the size of the image.",
        },
        apply: budget,
    },
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    ThreadLocal,
    Init,
    Got,
    Writable,
    ReadOnly,
}

fn class(section: &Section) -> Class {
    const INIT: [&str; 7] = [".init", ".fini", ".init_array", ".fini_array", ".preinit_array", ".ctors", ".dtors"];
    let is_init_kind = matches!(section.kind, elf::SHT_INIT_ARRAY | elf::SHT_FINI_ARRAY | elf::SHT_PREINIT_ARRAY);
    if section.flags.contains(elf::SHF_TLS) {
        Class::ThreadLocal
    } else if is_init_kind || INIT.iter().any(|prefix| is_or_extends(section.name, prefix)) {
        Class::Init
    } else if is_or_extends(section.name, ".got") || is_or_extends(section.name, ".plt") {
        Class::Got
    } else if section.flags.contains(elf::SHF_WRITE) {
        Class::Writable
    } else {
        Class::ReadOnly
    }
}

/// Whether a section is `.text` or `.text.something`.
fn is_or_extends(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn with_content<'a, 'data>(object: &'a Anatomy<'data>) -> impl Iterator<Item = &'a Section<'data>> {
    object.allocated().map(|(_, section)| section).filter(|section| section.size > 0)
}

fn allocated(object: &Anatomy, examination: &mut Examination) {
    for section in with_content(object).filter(|section| class(section) == Class::ReadOnly) {
        examination.look();
        let executable = section.flags.contains(elf::SHF_EXECINSTR);
        let place = Place::new(section.name, 0);
        let wanted = "executable .text*, non-executable .rodata* or .eh_frame";
        if ![TEXT, RODATA, EH_FRAME].iter().any(|prefix| is_or_extends(section.name, prefix)) {
            let found = format!("an allocated section of {} bytes", section.size);
            examination.find(place, found, wanted, "a `link_section` attribute or a `.section` directive names it");
        } else if executable != is_or_extends(section.name, TEXT) {
            let found = if executable { "an executable section" } else { "a section that is not executable" };
            examination.find(
                place,
                found,
                wanted,
                "the flags of its `.section` directive: \"ax\" for text, \"a\" else",
            );
        } else if !matches!(section.kind, elf::SHT_PROGBITS | elf::SHT_X86_64_UNWIND) {
            let found = format!("section type {:#x}", section.kind.0);
            examination.find(place, found, "SHT_PROGBITS", "the type of its `.section` directive: write @progbits");
        }
    }
}

fn writable(object: &Anatomy, examination: &mut Examination) {
    let cause = "a `static mut`, a static with interior mutability, or a constant that holds an address; keep state in \
                 the caller's opaque state";
    forbid(object, examination, Class::Writable, "a writable section", cause);
}

fn thread_local(object: &Anatomy, examination: &mut Examination) {
    forbid(
        object,
        examination,
        Class::ThreadLocal,
        "a thread-local section",
        "a `#[thread_local]` static: take it away",
    );
}

fn init(object: &Anatomy, examination: &mut Examination) {
    let cause = "a constructor attribute or crate: everything must be decided from the data page at each call";
    forbid(object, examination, Class::Init, "constructors or destructors", cause);
}

fn got(object: &Anatomy, examination: &mut Examination) {
    forbid(
        object,
        examination,
        Class::Got,
        "a table for the dynamic linker",
        "written by hand: the compiler emits none",
    );
}

fn forbid(object: &Anatomy, examination: &mut Examination, class_: Class, what: &str, cause: &str) {
    for section in with_content(object) {
        examination.look();
        if class(section) == class_ {
            let found = format!("{what} of {} bytes", section.size);
            examination.find(Place::new(section.name, 0), found, examination.rule.requirement, cause);
        }
    }
}

fn budget(object: &Anatomy, examination: &mut Examination) {
    for (prefix, budget) in BUDGETS {
        let of_kind = with_content(object).filter(|section| is_or_extends(section.name, prefix));
        let total = of_kind.fold(0, |total: u64, section| total.saturating_add(section.size));
        examination.look();
        if total > budget {
            let cause = "look at the largest symbols (`nm -S --size-sort`); raise the budget only with a reason";
            let found = format!("{total} bytes in {prefix}*");
            examination.find(Place::new(prefix, 0), found, format!("at most {budget} bytes"), cause);
        }
    }
}
