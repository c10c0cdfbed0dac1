// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Family `unwind`: whether a debugger, profiler or signal handler can walk the stack from every instruction.

mod stack;

use super::ObjectRule;
use crate::{Examination, Rule};
use std::ops::Range;
use vdso_elf::anatomy::Anatomy;
use vdso_elf::anatomy::frames::{EH_FRAME, Frame};
use vdso_elf::place::Place;

/// The rules of the family.
pub static RULES: [ObjectRule; 4] = [
    ObjectRule {
        rule: Rule {
            id: "unwind/covered",
            title: "instruction has no frame description",
            requirement: "a frame description covers every instruction of every function",
            reason: "A signal can arrive at any instruction, and its handler may unwind.",
            breaks: "gdb backtraces, pthread_cancel, C++ and Go profilers: they stop at the vDSO or abort.",
        },
        apply: covered,
    },
    ObjectRule {
        rule: Rule {
            id: "unwind/ranges",
            title: "frame descriptions overlap or lie outside of code",
            requirement: "each frame description covers bytes of one text section, and no two cover the same byte",
            reason: "The search table of the image is sorted by address and has one entry for each address.",
            breaks: "The linker stage (.eh_frame_hdr); libgcc and gdb, which find one of two answers.",
        },
        apply: ranges,
    },
    ObjectRule {
        rule: Rule {
            id: "unwind/cfa",
            title: "frame description gives a wrong CFA",
            requirement: "at every instruction the table gives the CFA that follows from the pushes and pops",
            reason: "Hand-written .cfi lines are easily forgotten, and no build step reads them.",
            breaks: "gdb and every unwinder, which take a wrong word for the return address.",
        },
        apply: stack::cfa,
    },
    ObjectRule {
        rule: Rule {
            id: "unwind/registers",
            title: "frame description loses a saved register",
            requirement: "at every instruction the table says where each changed callee-saved register is kept",
            reason: "An unwinder restores these registers for the caller's frame, whose CFA may depend on one of them.",
            breaks: "gdb, which shows wrong variables in callers; frames above are lost if rbp is wrong.",
        },
        apply: stack::registers,
    },
];

fn place_of(frame: &Frame) -> Place {
    Place::new(EH_FRAME, frame.offset)
}

fn covered(object: &Anatomy, examination: &mut Examination) {
    for function in &object.functions {
        let mut uncovered = function.code.iter().filter(|code| {
            examination.look();
            let ends = [code.instruction.ip(), code.instruction.next_ip() - 1];
            !ends.iter().all(|end| object.frame_at(function.section, *end).is_some())
        });
        if let Some(first) = uncovered.next() {
            let found =
                format!("{} instructions without an FDE, from {} on", uncovered.count() + 1, function.show(first));
            let cause = "a naked function or assembly without `.cfi_startproc` and `.cfi_endproc`, or a build without \
                         -C force-unwind-tables=yes";
            examination.find(function.place(first), found, "an FDE for all of the function", cause);
        }
    }
}

fn ranges(object: &Anatomy, examination: &mut Examination) {
    let mut ranges: Vec<(usize, &Range<u64>, &Frame)> = Vec::new();
    for frame in &object.frames {
        examination.look();
        let inside = frame.range.as_ref().filter(|(section, range)| {
            let section = &object.sections[*section];
            section.is_text() && range.start < range.end && range.end <= section.data.len() as u64
        });
        match inside {
            Some((section, range)) => ranges.push((*section, range, frame)),
            None => {
                let found = "an FDE that describes bytes outside of text, or none";
                let cause = "its relocation names no text section, or its length was changed after assembly";
                examination.find(place_of(frame), found, "bytes inside one text section", cause);
            }
        }
    }
    for pair in ranges.windows(2) {
        let [(section, range, first), (next_section, next, second)] = pair else { continue };
        if section == next_section && next.start < range.end {
            let name = object.sections[*section].name;
            let found = format!("it describes {name}+{:#x}, and so does the FDE at {:#x}", next.start, first.offset);
            let cause = "two `.cfi_startproc` regions for one function, or one copied by hand";
            examination.find(place_of(second), found, "bytes that no other FDE describes", cause);
        }
    }
}
