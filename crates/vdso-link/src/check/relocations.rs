// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Family `relocations`: what the linker will fill in, in sections that are in memory at run time.

use super::{ObjectRule, causes};
use crate::{Examination, Rule};
use object::elf;
use vdso_abi::PAGE_SIZE;
use vdso_abi::exports::{DATA_SYMBOLS, VDSO_RNG_DATA};
use vdso_abi::rng_data::VdsoRngData;
use vdso_elf::anatomy::Anatomy;
use vdso_elf::anatomy::tables::{Home, Relocation, Symbol};

/// Length of the field that both allowed kinds fill in, in bytes.
const FIELD_LEN: u64 = 4;

/// The rules of the family.
pub static RULES: [ObjectRule; 5] = [
    ObjectRule {
        rule: Rule {
            id: "relocations/kind",
            title: "relocation of a forbidden kind",
            requirement: "relocations are R_X86_64_PC32 or R_X86_64_PLT32",
            reason: "The linker resolves these two completely. Every other kind can leave a GOT entry, a TLS slot or a \
                     dynamic relocation, and no loader relocates a vDSO.",
            breaks: "The kernel build, where vdso2c rejects the dynamic relocations that it knows; every program where \
                     vdso2c misses them (DT_JMPREL, DT_RELR) or where a GOT ends up in read-only data.",
        },
        apply: kind,
    },
    ObjectRule {
        rule: Rule {
            id: "relocations/place",
            title: "relocation does not fill a displacement",
            requirement: "each relocation fills four bytes of its section: in text, the displacement of one instruction",
            reason: "A relocation anywhere else changes an opcode or the bytes of the next instruction.",
            breaks: "Every caller: the code that runs is not the code that was checked.",
        },
        apply: place,
    },
    ObjectRule {
        rule: Rule {
            id: "relocations/calls",
            title: "call does not reach a local function",
            requirement: "relocated calls and jumps land on the first byte of a function that is defined here and \
                          hidden or local",
            reason: "For any other symbol the linker makes a PLT entry, which jumps through a GOT that no loader fills.",
            breaks: "Every program: the first such call jumps to a link-time address.",
        },
        apply: calls,
    },
    ObjectRule {
        rule: Rule {
            id: "relocations/target",
            title: "reference leaves the section of its symbol",
            requirement: "each relocated address or access lies inside the section of the symbol, to its last byte",
            reason: "The linker decides what lies outside of a section.",
            breaks: "Every program, by wrong constants or a fault, differently in each image.",
        },
        apply: target,
    },
    ObjectRule {
        rule: Rule {
            id: "relocations/data-page",
            title: "wrong access to a data symbol",
            requirement: "the data symbols are named by R_X86_64_PC32 in text only, and each access stays inside the \
                          named structure",
            reason: "They lie outside the image, at a fixed distance from the code: a call, a table entry or a farther \
                     access is always wrong.",
            breaks: "Processes in a time namespace and old kernels first, where the next page is absent: SIGBUS.",
        },
        apply: data_page,
    },
];

fn is_allowed(relocation: &Relocation) -> bool {
    matches!(relocation.kind, elf::R_X86_64_PC32 | elf::R_X86_64_PLT32)
}

/// Whether a relocation fills in where control goes: PLT32 says so, and in a call or jump PC32 means the same.
fn is_transfer(object: &Anatomy, section: usize, relocation: &Relocation) -> bool {
    let in_branch = || object.code_at(section, relocation.offset).is_some_and(|(_, code)| code.is_direct_branch());
    relocation.kind == elf::R_X86_64_PLT32 || relocation.kind == elf::R_X86_64_PC32 && in_branch()
}

fn is_data_page(symbol: &Symbol) -> bool {
    symbol.home == Home::Undefined && DATA_SYMBOLS.contains(&symbol.name)
}

/// How many bytes a data symbol stands for.
fn extent(symbol: &Symbol) -> i64 {
    let len = if symbol.name == VDSO_RNG_DATA { size_of::<VdsoRngData>() } else { PAGE_SIZE };
    len as i64
}

/// The target of a relocated field, as an offset from the symbol, with the length of the access in bytes (1 where
/// the instruction only takes the address).
///
/// An instruction counts from its end, a table from the field itself.
fn reach(object: &Anatomy, section: usize, relocation: &Relocation) -> (i64, u64) {
    match object.code_at(section, relocation.offset) {
        Some((_, code)) => {
            let bias = code.instruction.next_ip().wrapping_sub(relocation.offset) as i64;
            let len = code.instruction.memory_size().size().max(1) as u64;
            (relocation.addend.wrapping_add(bias), len)
        }
        None => (relocation.addend, 1),
    }
}

fn kind(object: &Anatomy, examination: &mut Examination) {
    for (section, relocation, symbol) in object.relocations() {
        examination.look();
        if !is_allowed(relocation) {
            let name = symbol.name;
            let kind = elf::machine_names(elf::EM_X86_64).r.name(relocation.kind).unwrap_or("an unknown kind");
            let place = object.place(section, relocation.offset);
            let found = format!("{kind} ({}) by {name}", relocation.kind.0);
            let cause = causes::of_relocation(relocation.kind, name);
            examination.find(place, found, "R_X86_64_PC32 or R_X86_64_PLT32", cause);
        }
    }
}

fn place(object: &Anatomy, examination: &mut Examination) {
    let mut last: Option<(usize, u64)> = None;
    for (section, relocation, _) in object.relocations().filter(|(_, relocation, _)| is_allowed(relocation)) {
        examination.look();
        let place = object.place(section, relocation.offset);
        let cause = "not written by an assembler: build the object again from its sources";
        let end = relocation.offset.checked_add(FIELD_LEN);
        let size = object.sections[section].data.len() as u64;
        if end.is_none_or(|end| end > size) {
            let found = format!("a field after the end of the section, which has {size} bytes");
            examination.find(place, found, "four bytes of the section", cause);
        } else if last.is_some_and(|(of, end)| of == section && relocation.offset < end) {
            examination.find(
                place,
                "a field that another relocation fills in as well",
                "fields that do not overlap",
                cause,
            );
        } else if let Some((function, code)) = object.code_at(section, relocation.offset) {
            let field = relocation.offset - code.instruction.ip();
            let displacement = (code.fields.displacement_offset(), code.fields.displacement_size());
            let immediate = (code.fields.immediate_offset(), code.fields.immediate_size());
            let fields = if code.instruction.is_ip_rel_memory_operand() { displacement } else { immediate };
            if (fields.0 as u64, fields.1 as u64) != (field, FIELD_LEN) {
                let found = format!("byte {field} of {}", function.show(code));
                examination.find(place, found, "the displacement of an instruction", cause);
            }
        } else if object.sections[section].is_text() {
            examination.find(place, "bytes that belong to no instruction", "the displacement of an instruction", cause);
        }
        last = end.map(|end| (section, end));
    }
}

fn calls(object: &Anatomy, examination: &mut Examination) {
    for (section, relocation, symbol) in object.relocations() {
        if is_data_page(symbol) || !is_transfer(object, section, relocation) {
            continue;
        }
        examination.look();
        let name = symbol.name;
        let place = object.place(section, relocation.offset);
        let (distance, _) = reach(object, section, relocation);
        let (found, cause) = match symbol.home {
            Home::Section(home) if symbol.is_private() => {
                let target = symbol.value.wrapping_add_signed(distance);
                if symbol.kind == elf::STT_GNU_IFUNC {
                    let cause =
                        "an indirect function needs a dynamic linker: choose by the `simd` byte of the data page";
                    (format!("a call of the indirect function {name}"), cause)
                } else if object.function_at(home, target).is_some_and(|function| function.start == target) {
                    continue;
                } else {
                    let found = format!("a jump to {}+{target:#x}", object.sections[home].name);
                    (found, "the label has no `.type name, @function` and `.size`, or the jump goes into a function")
                }
            }
            Home::Section(_) => {
                let cause = "the linker treats a visible function as replaceable: call a hidden function instead";
                (format!("a call of {name}, which is visible from outside"), cause)
            }
            _ => (format!("a call of {name}, which is not defined here"), causes::of_undefined(symbol.name)),
        };
        examination.find(place, found, "a call of a hidden or local function of this object", cause);
    }
}

fn target(object: &Anatomy, examination: &mut Examination) {
    for (section, relocation, symbol) in object.relocations().filter(|(_, relocation, _)| is_allowed(relocation)) {
        let Home::Section(home) = symbol.home else { continue };
        if is_transfer(object, section, relocation) {
            continue;
        }
        examination.look();
        let (distance, len) = reach(object, section, relocation);
        let size = object.sections[home].size;
        let target = i128::from(symbol.value) + i128::from(distance);
        if target < 0 || target + i128::from(len) > i128::from(size) {
            let found = format!("bytes {target} to {} of {}", target + i128::from(len), object.sections[home].name);
            let wanted = format!("bytes inside of the section: 0 to {size}");
            let cause = if object.sections[section].is_text() {
                "an index or an offset beyond its table, or an addend that forgets the length of the instruction"
            } else {
                "a table of addresses that the compiler made relative to its own start, where no rule can follow: keep \
                 offsets or write out the branches"
            };
            examination.find(object.place(section, relocation.offset), found, wanted, cause);
        }
    }
}

fn data_page(object: &Anatomy, examination: &mut Examination) {
    for (section, relocation, symbol) in object.relocations().filter(|(_, _, symbol)| is_data_page(symbol)) {
        examination.look();
        let place = object.place(section, relocation.offset);
        let (distance, len) = reach(object, section, relocation);
        let extent = extent(symbol);
        if is_transfer(object, section, relocation) {
            let cause = "write `symbol(%rip)` as a memory operand";
            examination.find(place, format!("a call of {}", symbol.name), "R_X86_64_PC32 in an access or a lea", cause);
        } else if !object.sections[section].is_text() {
            let cause = "a table of addresses: compute the distance in code";
            examination.find(place, format!("{} named in data", symbol.name), "R_X86_64_PC32 in text", cause);
        } else if is_allowed(relocation) && !(0..=extent.saturating_sub_unsigned(len)).contains(&distance) {
            let found = format!("bytes {distance} to {} of {}", i128::from(distance) + i128::from(len), symbol.name);
            let wanted = format!("bytes inside of it: 0 to {extent}");
            let cause = "an offset that is not one of a field, or an addend that forgets the length of the instruction";
            examination.find(place, found, wanted, cause);
        }
    }
}
