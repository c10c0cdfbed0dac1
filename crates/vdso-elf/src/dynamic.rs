// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The dynamic table, found the way that clients find it.

use crate::memory::{Memory, file_bytes, segments};
use crate::parser::ElfFile;
use object::LittleEndian as LE;
use object::elf::{DT_NULL, Dyn64, DynamicTag, PT_DYNAMIC};

/// As many entries are read; a vDSO has about twenty. Without an end among them the table counts as one without an end.
const MOST_ENTRIES: usize = 256;

/// The entries of the first `PT_DYNAMIC`, up to its `DT_NULL`.
#[derive(Clone, Debug)]
pub struct Dynamic<'data> {
    /// The load segment that the entries point into.
    pub memory: Memory<'data>,
    /// All entries before the end mark.
    pub entries: Vec<Entry>,
    /// Whether a `DT_NULL` ends the table inside its segment.
    pub terminated: bool,
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `d_tag`.
    pub tag: DynamicTag,
    /// `d_val` or `d_ptr`.
    pub value: u64,
    /// Offset in the table, in bytes.
    pub offset: u64,
}

impl<'data> Dynamic<'data> {
    /// Reads the table; without a `PT_DYNAMIC` it is empty and has no end.
    pub fn of(elf: &ElfFile<'data>) -> Self {
        let segment = segments(elf, PT_DYNAMIC).next();
        let bytes = segment.map_or(&[][..], |segment| file_bytes(elf.data(), segment));
        let count = (bytes.len() / size_of::<Dyn64<LE>>()).min(MOST_ENTRIES);
        let table: &[Dyn64<LE>] = object::pod::slice_from_bytes(bytes, count).map_or(&[][..], |(table, _)| table);
        let end = table.iter().position(|entry| entry.d_tag.get(LE) == DT_NULL);
        let entries = (0..).zip(&table[..end.unwrap_or(table.len())]);
        Self {
            memory: Memory::of(elf),
            entries: entries
                .map(|(index, entry)| Entry {
                    tag: entry.d_tag.get(LE),
                    value: entry.d_val.get(LE),
                    offset: index * size_of::<Dyn64<LE>>() as u64,
                })
                .collect(),
            terminated: end.is_some(),
        }
    }

    /// The value of an entry; of several the last, as every client that walks the table ends up with it.
    pub fn value(&self, tag: DynamicTag) -> Option<u64> {
        Some(self.entries.iter().rfind(|entry| entry.tag == tag)?.value)
    }
}
