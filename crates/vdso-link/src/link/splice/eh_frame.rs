// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Unwind information taken apart and put together again at another address.
//!
//! A frame description (FDE) holds the distance from itself to the code that it describes, so it cannot be copied.

use gimli::constants::{DW_EH_PE_pcrel, DW_EH_PE_sdata4, DwEhPe};
use gimli::{
    BaseAddresses, CallFrameInstruction, CieOrFde, CommonInformationEntry, EhFrame, EndianSlice, LittleEndian,
};
use gimli::{EhFrameHdr, Pointer, UnwindSection as _};
use std::collections::BTreeMap;
use std::ops::Range;

/// Encodings of `.eh_frame_hdr`: pointer to the frames relative to its place, count of 4 bytes, table of pairs relative to
/// the header (Linux Standard Base, "Exception Frames").
const HEADER: [u8; 4] = [1, 0x1b, 0x03, 0x3b];

/// Size of an FDE before its program, in bytes: length, distance to the CIE, first address, size of the code.
const PROGRAM: usize = 16;

/// A record of length zero, which ends the records.
const TERMINATOR: [u8; 4] = [0; 4];

/// Frame descriptions and what they have in common.
#[derive(Default)]
pub(super) struct Frames {
    /// CIEs, complete, each once.
    cies: Vec<Vec<u8>>,
    /// FDEs, sorted by address.
    fdes: Vec<Fde>,
}

/// One frame description without what depends on its own place.
#[derive(Clone)]
struct Fde {
    /// Index of its CIE.
    cie: usize,
    /// Addresses of the code.
    code: Range<u64>,
    /// The bytes after the addresses: augmentation data and program.
    program: Vec<u8>,
}

type Slice<'a> = EndianSlice<'a, LittleEndian>;

impl Frames {
    /// Takes apart the records of a linked image, as many as the table in its header counts.
    ///
    /// `header` and `loaded` are the bytes of `.eh_frame_hdr` and of the whole image, which begins at address 0.
    ///
    /// Returns them with the address of the first.
    ///
    /// # Errors
    /// In words, what cannot be read or moved.
    pub(super) fn of_image(header: &[u8], header_address: u64, loaded: &[u8]) -> Result<(u64, Self), String> {
        let bases = BaseAddresses::default().set_eh_frame_hdr(header_address);
        let header = EhFrameHdr::new(header, LittleEndian).parse(&bases, 8).map_err(words)?;
        let Pointer::Direct(address) = header.eh_frame_ptr() else { return Err("an indirect pointer".into()) };
        let bytes =
            usize::try_from(address).ok().and_then(|start| loaded.get(start..)).ok_or("a pointer to nowhere")?;
        let table = header.table().ok_or("no search table")?;
        let mut rows = table.iter(&bases);
        let mut count = 0;
        while rows.next().map_err(words)?.is_some() {
            count += 1;
        }
        // Without section headers only the search table gives the number of records; some images lack the terminator.
        Ok((address, Self::read(bytes, address, 0..loaded.len() as u64, Some(count))?))
    }

    /// Takes apart the records of an object, relocated for `address`, whose code has the addresses `code`.
    ///
    /// # Errors
    /// In words, what cannot be read or moved.
    pub(super) fn of_object(bytes: &[u8], address: u64, code: Range<u64>) -> Result<Self, String> {
        Self::read(bytes, address, code, None)
    }

    /// Reads up to `count` descriptions, or all that there are.
    fn read(bytes: &[u8], address: u64, code: Range<u64>, count: Option<usize>) -> Result<Self, String> {
        let section = EhFrame::new(bytes, LittleEndian);
        let bases = BaseAddresses::default().set_eh_frame(address);
        let mut frames = Self::default();
        let mut cies = BTreeMap::new();
        let mut entries = section.entries(&bases);
        while count.is_none_or(|count| frames.fdes.len() < count) {
            let Some(entry) = entries.next().map_err(words)? else { break };
            let CieOrFde::Fde(partial) = entry else { continue };
            let mut cie_offset = 0;
            let fde = partial.parse(|section, bases, offset| {
                cie_offset = offset.0;
                section.cie_from_offset(bases, offset)
            });
            let fde = fde.map_err(words)?;
            if !(code.start..=code.end).contains(&fde.initial_address()) || fde.len() > code.end - fde.initial_address()
            {
                let range = fde.initial_address()..fde.initial_address().wrapping_add(fde.len());
                return Err(format!("a description of {range:#x?}, where no code is"));
            }
            let mut instructions = fde.instructions(&section, &bases);
            while let Some(instruction) = instructions.next().map_err(words)? {
                if let CallFrameInstruction::SetLoc { .. } = instruction {
                    return Err("DW_CFA_set_loc, which holds an address".into());
                }
            }
            let cie = match cies.get(&cie_offset) {
                Some(&cie) => cie,
                None => {
                    let record = record(bytes, cie_offset, fde.cie().entry_len())?;
                    let cie = frames.cie(movable(fde.cie(), record)?);
                    cies.insert(cie_offset, cie);
                    cie
                }
            };
            let record = record(bytes, fde.offset(), fde.entry_len())?;
            let program = record.get(PROGRAM..).ok_or("a description that is too short")?.to_vec();
            frames.fdes.push(Fde { cie, code: fde.initial_address()..fde.end_address(), program });
        }
        if count.is_some_and(|count| frames.fdes.len() < count) {
            return Err("fewer descriptions than the search table counts".into());
        }
        Ok(frames)
    }

    /// Takes in the records of `other`.
    pub(super) fn join(mut self, other: &Self) -> Self {
        for fde in &other.fdes {
            let cie = self.cie(&other.cies[fde.cie]);
            self.fdes.push(Fde { cie, ..fde.clone() });
        }
        // The search table must be sorted by address. The records need not be, but are sorted as well.
        self.fdes.sort_by_key(|fde| fde.code.start);
        self
    }

    /// The index of a CIE, which is taken in unless an equal one is there.
    fn cie(&mut self, record: &[u8]) -> usize {
        self.cies.iter().position(|known| known == record).unwrap_or_else(|| {
            self.cies.push(record.to_vec());
            self.cies.len() - 1
        })
    }

    /// Size of `.eh_frame`, in bytes.
    pub(super) fn size(&self) -> usize {
        let cies: usize = self.cies.iter().map(Vec::len).sum();
        let fdes: usize = self.fdes.iter().map(|fde| PROGRAM + fde.program.len()).sum();
        cies + fdes + TERMINATOR.len()
    }

    /// Size of `.eh_frame_hdr`, in bytes.
    pub(super) fn header_size(&self) -> usize {
        HEADER.len() + 2 * 4 + self.fdes.len() * 2 * 4
    }

    /// `.eh_frame_hdr` for `header` and `.eh_frame` for `address`.
    pub(super) fn write(&self, header: u64, address: u64) -> (Vec<u8>, Vec<u8>) {
        let mut records = Vec::new();
        let cies: Vec<usize> = self
            .cies
            .iter()
            .map(|cie| {
                records.extend_from_slice(cie);
                records.len() - cie.len()
            })
            .collect();

        let mut table = HEADER.to_vec();
        // Relative to the field itself, the table's pairs to the start of the header.
        table.extend(relative(header + HEADER.len() as u64, address));
        table.extend((self.fdes.len() as u32).to_le_bytes());
        for fde in &self.fdes {
            let start = address + records.len() as u64;
            table.extend(relative(header, fde.code.start));
            table.extend(relative(header, start));
            records.extend(((PROGRAM - 4 + fde.program.len()) as u32).to_le_bytes());
            records.extend(relative(address + cies[fde.cie] as u64, start + 4));
            records.extend(relative(start + 8, fde.code.start));
            records.extend(((fde.code.end - fde.code.start) as u32).to_le_bytes());
            records.extend_from_slice(&fde.program);
        }
        records.extend(TERMINATOR);
        (table, records)
    }
}

/// The CIE itself, if descriptions that refer to it can be moved: addresses in the one form that every x86-64 compiler and
/// assembler writes, and nothing else that points somewhere.
fn movable<'a>(cie: &CommonInformationEntry<Slice<'_>>, record: &'a [u8]) -> Result<&'a [u8], String> {
    if cie.fde_address_encoding() != Some(DwEhPe(DW_EH_PE_pcrel.0 | DW_EH_PE_sdata4.0)) {
        return Err(format!("addresses encoded as {:?}, not as PC-relative 32 bits", cie.fde_address_encoding()));
    }
    if cie.personality().is_some() || cie.has_lsda() {
        return Err("a personality routine or language-specific data, which point elsewhere".into());
    }
    Ok(record)
}

/// A whole record, its length field included.
fn record(bytes: &[u8], offset: usize, length: usize) -> Result<&[u8], String> {
    let end = offset.checked_add(4).and_then(|start| start.checked_add(length));
    let record = end.and_then(|end| bytes.get(offset..end)).ok_or("a record that leaves the section")?;
    if record[..4] == [0xff; 4] { Err("a record in the 64-bit format".into()) } else { Ok(record) }
}

/// The 32-bit distance from one address of an image to another.
fn relative(from: u64, to: u64) -> [u8; 4] {
    (to.wrapping_sub(from) as i32).to_le_bytes()
}

/// The message of an error of gimli.
fn words(error: gimli::Error) -> String {
    error.to_string()
}
