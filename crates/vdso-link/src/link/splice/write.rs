// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Writes the new image: every byte goes to its place in the plan, and the undo record to the end.

use super::plan::{Move, Plan, Table};
use super::{Parts, headers};
use crate::link::unsplice;
use object::LittleEndian as LE;
use object::endian::U64;
use object::pod::{bytes_of, bytes_of_slice};
use std::ops::Range;

/// The bytes of the new image; `original` is the one that it is made from.
pub(super) fn write(parts: &Parts<'_>, plan: &Plan, original: &[u8]) -> Vec<u8> {
    let Parts { base, placed, symbols, frames, sections, .. } = parts;
    let mut file = vec![0; plan.file as usize];
    let mut put = |offset: u64, bytes: &[u8]| {
        let start = offset as usize;
        file[start..start + bytes.len()].copy_from_slice(bytes);
    };

    // First what was there, since the headers are laid over it.
    put(0, base.memory.loaded);
    put(0, bytes_of(&headers::file_header(base, plan, sections.count() as u16)));
    put(base.memory.elf.elf_header().e_phoff.get(LE), bytes_of_slice(&headers::program_headers(base, plan)));
    put(base.dynamic, bytes_of_slice(&headers::dynamic(base, plan)));

    put(placed.text.start, &placed.bytes);
    let (eh_frame_hdr, eh_frame) = frames.write(plan.place(Table::EhFrameHdr).start, plan.place(Table::EhFrame).start);
    for Move { table, to, .. } in &plan.moves {
        let bytes = match table {
            Table::Hash => symbols.hash(),
            Table::GnuHash => symbols.gnu_hash(),
            Table::Dynsym => symbols.dynsym(),
            Table::Dynstr => symbols.dynstr(),
            Table::Versym => symbols.versym(),
            Table::EhFrameHdr => eh_frame_hdr.clone(),
            Table::EhFrame => eh_frame.clone(),
        };
        put(to.start, &bytes);
    }

    for &(index, offset) in &plan.loose {
        put(offset, sections.content(index));
    }
    let mut headers = sections.write(parts, plan);
    put(plan.headers, bytes_of_slice(&headers));

    if let Some(last) = headers.last_mut() {
        let record = unsplice::record(original, &file, moved(parts, plan));
        last.sh_size = U64::new(LE, record.len() as u64);
        let place = plan.headers as usize;
        file[place..place + size_of_val(&headers[..])].copy_from_slice(bytes_of_slice(&headers));
        file.extend(record);
    }
    file
}

/// Where in the original stands what, and where in the new file.
fn moved(parts: &Parts<'_>, plan: &Plan) -> Vec<(Range<usize>, usize)> {
    let Parts { base, sections, .. } = parts;
    let mut moved = vec![(0..base.memory.loaded.len(), 0)];
    moved.extend(plan.loose.iter().map(|&(index, offset)| (sections.place(index), offset as usize)));
    let table = base.memory.elf.elf_header().e_shoff.get(LE) as usize;
    let size = size_of_val(base.memory.elf.elf_section_table().iter().as_slice());
    moved.push((table..table.saturating_add(size), plan.headers as usize));
    moved
}
