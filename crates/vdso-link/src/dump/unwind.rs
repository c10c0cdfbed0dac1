// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Which code the unwind tables describe.

use super::code::functions;
use super::{Subject, digest, hex, names};
use std::ops::Range;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;
use vdso_elf::sections::{Section, sections};
use vdso_elf::unwind::{Description, TableEntry, unwind as read};

/// The tables at large, and each frame description by the function that begins where it does.
pub(super) fn unwind(elf: &ElfFile<'_>) -> Vec<Subject> {
    let unwind = match read(elf) {
        Ok(unwind) => unwind,
        Err(reason) => {
            return vec![Subject::new("unwind", Place::new(".eh_frame_hdr", 0), vec![("unreadable", reason)])];
        }
    };
    let functions = functions(elf);
    let sum = |ranges: &mut dyn Iterator<Item = Range<u64>>| {
        ranges.fold(0_u64, |sum, range| sum.saturating_add(range.end - range.start))
    };
    let sections = sections(elf);
    let text = sum(&mut sections.iter().filter(|section| section.is_text()).map(Section::addresses));
    let covered = sum(&mut unwind.descriptions.iter().map(|description| description.covers.clone()));
    let leads_to = |it: &&Description| {
        let row = TableEntry { start: it.covers.start, description: it.address };
        unwind.table.contains(&row)
    };
    let missed = unwind.descriptions.iter().filter(|it| !leads_to(it));
    let fields = vec![
        ("search_table", format!("{} rows", unwind.table.len())),
        ("missed", names(missed.map(|it| hex(it.covers.start)))),
        ("descriptions", unwind.descriptions.len().to_string()),
        ("covered", format!("{} of {} bytes of text", hex(covered), hex(text))),
    ];
    let whole = Subject::new("unwind", Place::new(".eh_frame_hdr", 0), fields);
    let descriptions = unwind.descriptions.iter().map(|it| {
        let start = it.covers.start;
        let index = functions.binary_search_by_key(&start, |function| function.start);
        let name = index.map_or_else(|_| hex(start), |index| functions[index].name.clone());
        let rows = it.rows.as_ref().map_or_else(String::clone, |rows| rows.len().to_string());
        let mut fields = vec![("start", hex(start)), ("length", hex(it.covers.end - start)), ("rows", rows)];
        fields.push(("digest", digest(said(it).as_bytes())));
        Subject::new(format!("fde[{name}]"), Place::new(".eh_frame", it.address.saturating_sub(unwind.frames)), fields)
    });
    std::iter::once(whole).chain(descriptions).collect()
}

/// All that unwinders go by, with addresses from the start of the code on: the table may lie anywhere.
fn said(description: &Description) -> String {
    let Description { covers, rows, is_signal_frame, has_handler, return_address, .. } = description;
    let from_start = 0_u64.wrapping_sub(covers.start);
    let rows = rows.iter().flatten().map(|row| format!("{}\n", row.moved(from_start)));
    format!("{}{is_signal_frame} {has_handler} {return_address}", rows.collect::<String>())
}
