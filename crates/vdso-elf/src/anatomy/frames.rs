// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The unwind table of the object, with its relocations applied.
//!
//! In an object every section begins at address 0. Here each gets a separate address range, so that a pointer of
//! `.eh_frame` identifies its section.

use super::tables::{Home, Section, Symbol};
use crate::error::Error;
use crate::row::Row;
use gimli::{BaseAddresses, CieOrFde, EhFrame, EndianSlice, LittleEndian, UnwindContext, UnwindSection as _};
use object::elf;
use std::ops::Range;
use std::path::Path;

/// Name of the section with the unwind table.
pub const EH_FRAME: &str = ".eh_frame";

/// One frame description entry (FDE).
pub struct Frame {
    /// Offset of the FDE in its section, in bytes.
    pub offset: u64,
    /// Index of the section that it describes and the offsets there; `None` where it points into no section.
    pub range: Option<(usize, Range<u64>)>,
    /// In order and without gaps.
    pub rows: Vec<Row>,
    /// Whether the return address is that of an instruction that has not run yet.
    pub is_signal_frame: bool,
    /// The register (DWARF number) that stands for the return address.
    pub return_address: u16,
}

impl Frame {
    /// Index of the section and first offset there.
    pub fn start(&self) -> Option<(usize, u64)> {
        self.range.as_ref().map(|(section, range)| (*section, range.start))
    }

    /// Whether the frame describes an offset of a section.
    pub fn covers(&self, section: usize, offset: u64) -> bool {
        self.range.as_ref().is_some_and(|(of, range)| *of == section && range.contains(&offset))
    }

    /// The row for an offset that the frame covers.
    pub fn row_at(&self, offset: u64) -> Option<&Row> {
        let after = self.rows.partition_point(|row| row.range.start <= offset);
        self.rows.get(after.checked_sub(1)?).filter(|row| row.range.contains(&offset))
    }
}

/// Reads every FDE, and sorts them by what they describe; those that describe nothing come first.
///
/// # Errors
/// [`Error::Malformed`] where `.eh_frame` cannot be parsed.
pub fn read(path: &Path, sections: &[Section], symbols: &[Symbol]) -> Result<Vec<Frame>, Error> {
    let addresses = addresses(sections);
    let mut frames = Vec::new();
    for (index, section) in sections.iter().enumerate().filter(|(_, section)| section.name == EH_FRAME) {
        let data = relocated(section, addresses[index], symbols, &addresses);
        let tables = Tables {
            section: EhFrame::new(&data, LittleEndian),
            start: addresses[index],
            sections,
            addresses: &addresses,
        };
        tables.read(&mut frames).map_err(|error| Error::Malformed {
            path: path.into(),
            offset: section.file_offset,
            what: format!("{EH_FRAME} cannot be parsed: {error}"),
            wanted: "complete CFI: look for a .cfi directive without its partner".into(),
        })?;
    }
    frames.sort_by_key(Frame::start);
    Ok(frames)
}

/// An address for each section, with a gap between any two.
fn addresses(sections: &[Section]) -> Vec<u64> {
    const GAP: u64 = 0x1_0000;
    let mut next = GAP;
    let address = |section: &Section| {
        let address = next;
        next += section.data.len() as u64 + GAP;
        address
    };
    sections.iter().map(address).collect()
}

/// The bytes of a section with its PC-relative relocations applied; the rule about kinds speaks of all others.
fn relocated(section: &Section, start: u64, symbols: &[Symbol], addresses: &[u64]) -> Vec<u8> {
    let mut data = section.data.to_vec();
    for relocation in &section.relocations {
        let symbol = &symbols[relocation.symbol];
        let Home::Section(home) = symbol.home else { continue };
        if relocation.kind != elf::R_X86_64_PC32 {
            continue;
        }
        let target = addresses[home].wrapping_add(symbol.value).wrapping_add_signed(relocation.addend);
        let value = target.wrapping_sub(start).wrapping_sub(relocation.offset) as u32;
        let field = usize::try_from(relocation.offset).ok().and_then(|offset| data.get_mut(offset..)?.get_mut(..4));
        if let Some(field) = field {
            field.copy_from_slice(&value.to_le_bytes());
        }
    }
    data
}

struct Tables<'a> {
    section: EhFrame<EndianSlice<'a, LittleEndian>>,
    start: u64,
    sections: &'a [Section<'a>],
    addresses: &'a [u64],
}

impl Tables<'_> {
    fn read(&self, frames: &mut Vec<Frame>) -> gimli::Result<()> {
        let bases = BaseAddresses::default().set_eh_frame(self.start);
        let mut context = UnwindContext::new();
        let mut entries = self.section.entries(&bases);
        while let Some(entry) = entries.next()? {
            let CieOrFde::Fde(fde) = entry else { continue };
            let fde = fde.parse(EhFrame::cie_from_offset)?;
            let home = self.section_at(fde.initial_address());
            let base = home.map_or(0, |home| self.addresses[home]);
            let range = |start: u64, end: u64| start.wrapping_sub(base)..end.wrapping_sub(base);
            let mut rows = Vec::new();
            let mut table = fde.rows(&self.section, &bases, &mut context)?;
            while let Some(row) = table.next_row()? {
                rows.push(Row::of(row, base));
            }
            frames.push(Frame {
                offset: fde.offset() as u64,
                range: home.map(|home| (home, range(fde.initial_address(), fde.end_address()))),
                rows,
                is_signal_frame: fde.is_signal_trampoline(),
                return_address: fde.cie().return_address_register().0,
            });
        }
        Ok(())
    }

    fn section_at(&self, address: u64) -> Option<usize> {
        let after = self.addresses.partition_point(|start| *start <= address);
        let index = after.checked_sub(1)?;
        (address - self.addresses[index] <= self.sections[index].data.len() as u64).then_some(index)
    }
}
