// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Re-points headers in place: the file header, the program headers and the dynamic entries.

use super::base::Base;
use super::plan::{Plan, Table};
use object::LittleEndian as LE;
use object::elf::{
    DT_GNU_HASH, DT_HASH, DT_STRSZ, DT_STRTAB, DT_SYMTAB, DT_VERSYM, Dyn64, FileHeader64, PT_GNU_EH_FRAME, PT_LOAD,
    ProgramHeader64,
};
use object::endian::{I64, U16, U64};

/// The file header; `count` is the number of section headers.
pub(super) fn file_header(base: &Base<'_>, plan: &Plan, count: u16) -> FileHeader64<LE> {
    let mut header = *base.memory.elf.elf_header();
    header.e_shnum = U16::new(LE, count);
    header.e_shoff = U64::new(LE, if count == 0 { 0 } else { plan.headers });
    header
}

/// The program headers: the load segment grows, the unwind table is elsewhere.
pub(super) fn program_headers(base: &Base<'_>, plan: &Plan) -> Vec<ProgramHeader64<LE>> {
    let mut segments = base.memory.elf.elf_program_headers().to_vec();
    for segment in &mut segments {
        let place = match segment.p_type.get(LE) {
            PT_LOAD => 0..plan.loaded,
            PT_GNU_EH_FRAME => plan.place(Table::EhFrameHdr),
            _ => continue,
        };
        for start in [&mut segment.p_offset, &mut segment.p_vaddr, &mut segment.p_paddr] {
            *start = U64::new(LE, place.start);
        }
        for size in [&mut segment.p_filesz, &mut segment.p_memsz] {
            *size = U64::new(LE, place.end - place.start);
        }
    }
    segments
}

/// The dynamic entries before `DT_NULL`, each in its old place.
pub(super) fn dynamic(base: &Base<'_>, plan: &Plan) -> Vec<Dyn64<LE>> {
    let strings = plan.place(Table::Dynstr);
    let repointed = base.table.entries.iter().map(|entry| {
        let value = match entry.tag {
            DT_HASH => plan.place(Table::Hash).start,
            DT_GNU_HASH => plan.place(Table::GnuHash).start,
            DT_SYMTAB => plan.place(Table::Dynsym).start,
            DT_STRTAB => strings.start,
            DT_STRSZ => strings.end - strings.start,
            DT_VERSYM => plan.place(Table::Versym).start,
            _ => entry.value,
        };
        Dyn64 { d_tag: I64::new(LE, entry.tag), d_val: U64::new(LE, value) }
    });
    repointed.collect()
}
