// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The layout of the new image: every address is known before the first byte is written.
//!
//! ```text
//! 0 … end of the old PT_LOAD   as it was, but for re-pointed dynamic entries and program headers
//! code, constants              the object
//! .hash … .eh_frame            written anew; the old ones stay where they were, and nothing points to them any more
//! ---------------------------- end of the new PT_LOAD
//! unallocated sections         not mapped: .comment, .shstrtab, the symbols of an unstripped image
//! section headers
//! .vgetrandom.original         how to undo the splice
//! ```

use super::Parts;
use object::LittleEndian as LE;
use object::elf::{DT_GNU_HASH, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_VERSYM, SectionHeader64};
use std::ops::Range;
use vdso_abi::PAGE_SIZE;
use vdso_elf::error::Error;

/// A mapped table that is written anew, in the order of their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Hash,
    GnuHash,
    Dynsym,
    Dynstr,
    Versym,
    EhFrameHdr,
    EhFrame,
}

/// A table on its way.
pub(super) struct Move {
    /// Which.
    pub(super) table: Table,
    /// Where the image had it.
    pub(super) from: u64,
    /// Where it will be.
    pub(super) to: Range<u64>,
}

/// Alignment of every table, in bytes; none needs more.
const TABLE_ALIGN: u64 = 8;

/// The new places. Addresses equal file offsets.
pub(super) struct Plan {
    /// Of each mapped table, in the order of [`Table`].
    pub(super) moves: [Move; 7],
    /// End of the load segment.
    pub(super) loaded: u64,
    /// File offset of each section that is not mapped, by its index.
    pub(super) loose: Vec<(usize, u64)>,
    /// File offset of the section headers.
    pub(super) headers: u64,
    /// Where the undo record begins; its length is known after it is written.
    pub(super) file: u64,
}

impl Plan {
    /// Lays everything out, front to back.
    ///
    /// # Errors
    /// [`Error::Malformed`] for a section that asks for an alignment beyond a page.
    pub(super) fn new(parts: &Parts<'_>) -> Result<Self, Error> {
        let Parts { base, placed, symbols, frames, sections, .. } = parts;
        let sizes = [
            (Table::Hash, base.entry(DT_HASH)?, symbols.hash().len()),
            (Table::GnuHash, base.entry(DT_GNU_HASH)?, symbols.gnu_hash().len()),
            (Table::Dynsym, base.entry(DT_SYMTAB)?, symbols.dynsym().len()),
            (Table::Dynstr, base.entry(DT_STRTAB)?, symbols.dynstr().len()),
            (Table::Versym, base.entry(DT_VERSYM)?, symbols.versym().len()),
            (Table::EhFrameHdr, base.eh_frame_hdr.start, frames.header_size()),
            (Table::EhFrame, parts.eh_frame, frames.size()),
        ];
        let mut end = placed.rodata.end;
        let moves = sizes.map(|(table, from, size)| Move { table, from, to: take(&mut end, size as u64, TABLE_ALIGN) });
        let loaded = end;
        let mut loose = Vec::new();
        for (index, size, alignment) in sections.loose() {
            if alignment > PAGE_SIZE as u64 {
                let what = format!("section {index} is aligned to {alignment:#x} bytes");
                return Err(base.memory.malformed(base.memory.end(), what, "at most a page"));
            }
            loose.push((index, take(&mut end, size, alignment.max(1)).start));
        }
        let table_size = sections.count() * size_of::<SectionHeader64<LE>>();
        let headers = take(&mut end, table_size as u64, TABLE_ALIGN).start;
        Ok(Self { moves, loaded, loose, headers, file: end })
    }

    /// The new place of a table.
    pub(super) fn place(&self, table: Table) -> Range<u64> {
        self.moves[table as usize].to.clone()
    }
}

/// Takes the next `size` bytes from `end` on.
fn take(end: &mut u64, size: u64, alignment: u64) -> Range<u64> {
    let start = end.next_multiple_of(alignment);
    *end = start + size;
    start..*end
}
