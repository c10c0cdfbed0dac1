// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The instructions that the kernel replaces at boot.

use super::code::Code;
use super::{Subject, hex, pairs};
use crate::object_file::ElfFile;
use crate::read::memory::Memory;
use crate::read::notes::linux_version;
use crate::read::sections::{content, section};
use crate::rule::Place;

/// `LINUX_VERSION_CODE` of the first kernel whose `struct alt_instr` has flags: 6.3.
const FLAGS_SINCE: u32 = 6 << 16 | 3 << 8;

/// The section with the records.
const RECORDS: &str = ".altinstructions";

/// All records of the table, in its order (`struct alt_instr`, Linux `arch/x86/include/asm/alternative.h`); without a note
/// of the kernel's version the length of a record is not known, and none is shown.
pub(super) fn alternatives(elf: &ElfFile<'_>) -> Vec<Subject> {
    let (Some(version), Some(table)) = (linux_version(elf), section(elf, RECORDS)) else { return Vec::new() };
    let (start, code) = (table.addresses().start, Code::of(elf));
    // Two offsets, the number of a CPU feature, flags from 6.3 on, and two lengths.
    let flags = if version >= FLAGS_SINCE { 2 } else { 0 };
    let records = content(elf, &table).unwrap_or(&[]).chunks_exact(12 + flags);
    let subjects = records.enumerate().map(|(index, record)| {
        let at = (record.len() * index) as u64;
        let word = |offset: usize| i32::from_le_bytes([0, 1, 2, 3].map(|byte| record[offset + byte]));
        // Each offset counts from the field that holds it.
        let target = |offset: usize| start.wrapping_add(at + offset as u64).wrapping_add_signed(word(offset).into());
        let feature = u16::from_le_bytes([record[8], record[9]]);
        let (length, replacement_length) = (record[10 + flags], record[11 + flags]);
        let replacement = Memory::of(elf).bytes(target(4), replacement_length.into());
        let replacement = replacement.map_or("outside of the image".into(), pairs);
        let fields = vec![
            ("instruction", code.place(target(0))),
            ("length", length.to_string()),
            ("feature", format!("{}*32+{}", feature / 32, feature % 32)),
            ("flags", if flags > 0 { hex(u16::from_le_bytes([record[10], record[11]])) } else { "none".into() }),
            ("replacement", replacement),
        ];
        Subject::new(format!("alternative[{index}]"), Place::new(RECORDS, at), fields)
    });
    subjects.collect()
}
