// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The instructions that the kernel replaces at boot (`struct alt_instr`, Linux `arch/x86/include/asm/alternative.h`).

use crate::notes::linux_version;
use crate::parser::ElfFile;
use crate::sections::{content, section};
use std::ops::Range;

/// The section with the records.
pub const RECORDS: &str = ".altinstructions";

/// `LINUX_VERSION_CODE` of the first kernel whose records have flags: 6.3.
const FLAGS_SINCE: u32 = 6 << 16 | 3 << 8;

/// One record.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// Offset in the table, in bytes.
    pub offset: u64,
    /// Addresses of what is replaced.
    pub instruction: Range<u64>,
    /// Addresses of what takes its place.
    pub replacement: Range<u64>,
    /// Number of the processor's feature on which it depends.
    pub feature: u16,
    /// How; none before 6.3.
    pub flags: Option<u16>,
}

/// The table.
#[derive(Clone, Debug)]
pub struct Alternatives {
    /// All complete records, in their order.
    pub records: Vec<Alternative>,
    /// Number of bytes after them that form no record.
    pub rest: usize,
}

/// The table of an image; `None` without one, or without the note of the kernel's version, by which a record has its length.
pub fn alternatives(elf: &ElfFile<'_>) -> Option<Alternatives> {
    let (version, table) = (linux_version(elf)?, section(elf, RECORDS)?);
    let start = table.addresses().start;
    // Two offsets, the number of a feature, flags from 6.3 on, and two lengths.
    let flags = if version >= FLAGS_SINCE { 2 } else { 0 };
    let records = content(elf, &table).unwrap_or(&[]).chunks_exact(12 + flags);
    let rest = records.remainder().len();
    let records = records.enumerate().map(|(index, record)| {
        let offset = (record.len() * index) as u64;
        let word = |at: usize| i32::from_le_bytes([0, 1, 2, 3].map(|byte| record[at + byte]));
        // Each offset counts from the field that holds it.
        let range = |at: usize, length: u8| {
            let target = start.wrapping_add(offset + at as u64).wrapping_add_signed(word(at).into());
            target..target.saturating_add(length.into())
        };
        Alternative {
            offset,
            instruction: range(0, record[10 + flags]),
            replacement: range(4, record[11 + flags]),
            feature: u16::from_le_bytes([record[8], record[9]]),
            flags: (flags > 0).then(|| u16::from_le_bytes([record[10], record[11]])),
        }
    });
    Some(Alternatives { records: records.collect(), rest })
}
