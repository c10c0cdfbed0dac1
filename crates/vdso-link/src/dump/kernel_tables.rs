// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The instructions that the kernel replaces at boot.

use super::code::Code;
use super::{Subject, hex, pairs};
use vdso_elf::alternatives::{RECORDS, alternatives as records};
use vdso_elf::memory::Memory;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;

/// All records of the table, in its order; without a note of the kernel's version none is shown.
pub(super) fn alternatives(elf: &ElfFile<'_>) -> Vec<Subject> {
    let Some(table) = records(elf) else { return Vec::new() };
    let code = Code::of(elf);
    let length = |range: &std::ops::Range<u64>| range.end - range.start;
    let subjects = table.records.into_iter().enumerate().map(|(index, it)| {
        let replacement = Memory::of(elf).bytes(it.replacement.start, length(&it.replacement));
        let replacement = replacement.map_or("outside of the image".into(), pairs);
        let fields = vec![
            ("instruction", code.place(it.instruction.start)),
            ("length", length(&it.instruction).to_string()),
            ("feature", format!("{}*32+{}", it.feature / 32, it.feature % 32)),
            ("flags", it.flags.map_or("none".into(), hex)),
            ("replacement", replacement),
        ];
        Subject::new(format!("alternative[{index}]"), Place::new(RECORDS, it.offset), fields)
    });
    subjects.collect()
}
