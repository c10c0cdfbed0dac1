// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The unwind tables, found through `PT_GNU_EH_FRAME` the way that unwinders find them.

use crate::memory::{Memory, segments};
use crate::parser::ElfFile;
use crate::row::Row;
use crate::sections::sections;
use gimli::{
    BaseAddresses, CieOrFde, DwEhPe, EhFrame, EhFrameHdr, LittleEndian, Pointer, UnwindContext, UnwindSection as _,
};
use object::LittleEndian as LE;
use object::elf::PT_GNU_EH_FRAME;
use std::ops::Range;

/// `.eh_frame_hdr` and the `.eh_frame` that it points to.
#[derive(Debug)]
pub struct Unwind {
    /// Address of the header.
    pub header: u64,
    /// Address of the frames.
    pub frames: u64,
    /// The search table of the header.
    pub table: Vec<TableEntry>,
    /// All frame descriptions, in the order of `.eh_frame`.
    pub descriptions: Vec<Description>,
}

/// One row of the search table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableEntry {
    /// First address that the description covers.
    pub start: u64,
    /// Address of the description.
    pub description: u64,
}

/// One FDE.
#[derive(Clone, Debug)]
pub struct Description {
    /// Its own address.
    pub address: u64,
    /// The addresses that it covers.
    pub covers: Range<u64>,
    /// The rows that its program makes, or why the program cannot be run.
    pub rows: Result<Vec<Row>, String>,
    /// Whether the return address is that of an instruction that has not run yet.
    pub is_signal_frame: bool,
    /// Whether unwinding through the code calls a personality routine, or passes it a table.
    pub has_handler: bool,
    /// The register (DWARF number) that stands for the return address.
    pub return_address: u16,
}

/// Reads both tables; the error says in words what is in the way.
pub fn unwind(elf: &ElfFile<'_>) -> Result<Unwind, String> {
    let memory = Memory::of(elf);
    let segment = segments(elf, PT_GNU_EH_FRAME).next().ok_or("no PT_GNU_EH_FRAME")?;
    let header = segment.p_vaddr.get(LE);
    let bytes = memory.bytes(header, segment.p_memsz.get(LE)).ok_or("PT_GNU_EH_FRAME leaves the load segment")?;
    let bases = BaseAddresses::default().set_eh_frame_hdr(header);
    let words = |error: gimli::Error| error.to_string();
    let parsed = EhFrameHdr::new(bytes, LittleEndian).parse(&bases, 8).map_err(words)?;
    let frames = direct(parsed.eh_frame_ptr()).ok_or("eh_frame_ptr is indirect")?;
    let bases = bases.set_eh_frame(frames);

    let mut table = Vec::new();
    if let Some(rows) = parsed.table() {
        let mut rows = rows.iter(&bases);
        while let Some((start, description)) = rows.next().map_err(words)? {
            let address = |pointer| direct(pointer).ok_or("the search table holds an indirect pointer");
            table.push(TableEntry { start: address(start)?, description: address(description)? });
        }
    }

    let descriptions = descriptions(elf, &memory, &bases, frames)?;
    Ok(Unwind { header, frames, table, descriptions })
}

/// Walks `.eh_frame` from the start that the header gives to its end mark, at most to the end of its section.
fn descriptions(
    elf: &ElfFile<'_>,
    memory: &Memory<'_>,
    bases: &BaseAddresses,
    frames: u64,
) -> Result<Vec<Description>, String> {
    let section =
        sections(elf).into_iter().find(|section| section.is_allocated() && section.addresses().start == frames);
    let end = section.map_or(memory.range().end, |section| section.addresses().end);
    let bytes = memory.bytes(frames, end.saturating_sub(frames)).ok_or(".eh_frame leaves the load segment")?;
    let eh_frame = EhFrame::new(bytes, LittleEndian);
    let mut context = UnwindContext::new();
    let mut descriptions = Vec::new();
    let mut entries = eh_frame.entries(bases);
    while let Some(entry) = entries.next().map_err(|error| format!(".eh_frame cannot be read: {error}"))? {
        let CieOrFde::Fde(partial) = entry else { continue };
        let at = partial.offset();
        let fde = partial.parse(EhFrame::cie_from_offset);
        let fde = fde.map_err(|error| format!("the FDE at .eh_frame+{at:#x} cannot be read: {error}"))?;
        if fde.cie().fde_address_encoding().is_some_and(DwEhPe::is_indirect) {
            return Err(format!("the FDE at .eh_frame+{:#x} holds an indirect pointer", fde.offset()));
        }
        let rows = || {
            let mut rows = fde.rows(&eh_frame, bases, &mut context)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next_row()? {
                found.push(Row::of(row, 0));
            }
            Ok(found)
        };
        let rows = { rows }().map_err(|error: gimli::Error| error.to_string());
        let start = fde.initial_address();
        descriptions.push(Description {
            address: frames.saturating_add(fde.offset() as u64),
            covers: start..start.saturating_add(fde.len()),
            rows,
            has_handler: fde.personality().is_some() || fde.lsda().is_some(),
            is_signal_frame: fde.is_signal_trampoline(),
            return_address: fde.cie().return_address_register().0,
        });
    }
    Ok(descriptions)
}

/// The address of a direct pointer; `None` for an indirect one.
fn direct(pointer: Pointer) -> Option<u64> {
    match pointer {
        Pointer::Direct(address) => Some(address),
        Pointer::Indirect(_) => None,
    }
}
