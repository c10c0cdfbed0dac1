// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Rules for the unwind tables, read the way that unwinders find them.

use super::{ImageRule, always};
use crate::{Examination, LinkedImage, Rule};
use object::LittleEndian as LE;
use object::elf::STT_FUNC;
use vdso_elf::dynamic::Dynamic;
use vdso_elf::error::Error;
use vdso_elf::place::Place;
use vdso_elf::sections::{place, sections};
use vdso_elf::symbols::exported;
use vdso_elf::unwind::{Unwind, unwind};

pub(super) static RULES: &[ImageRule] = &[
    ImageRule {
        rule: Rule {
            id: "image-unwind/readable",
            title: "unwind tables cannot be read",
            requirement: "PT_GNU_EH_FRAME leads to a header, the header to .eh_frame, and both can be read to the end",
            reason: "Unwinders find the tables through dl_iterate_phdr() and never read section headers.",
            breaks: "Processes that unwind through a signal frame in the vDSO (backtraces, pthread_cancel, exceptions), \
                     which abort.",
        },
        applies: always,
        apply: readable,
    },
    ImageRule {
        rule: Rule {
            id: "image-unwind/sorted",
            title: "search table is not sorted",
            requirement: "the search table is sorted by address, without equal entries",
            reason: "Unwinders use a binary search.",
            breaks: "libgcc and libunwind, which take another function's description, or none.",
        },
        applies: always,
        apply: sorted,
    },
    ImageRule {
        rule: Rule {
            id: "image-unwind/complete",
            title: "search table does not match the frame descriptions",
            requirement: "the search table has exactly one right entry for each frame description",
            reason: "An unwinder never finds a description that is not in the table; an entry must lead to the one that \
                     covers its address.",
            breaks: "Unwinding, which stops in one function and works in all others.",
        },
        applies: always,
        apply: complete,
    },
    ImageRule {
        rule: Rule {
            id: "image-unwind/coverage",
            title: "exported function is not covered by a frame description",
            requirement: "a frame description begins with each exported function, and each byte of it is covered by one",
            reason: "A signal can arrive at any instruction, and profilers stop at any; at an address inside of a \
                     description the stack is not as at a function's entry.",
            breaks: "gdb and perf, which show a broken stack if they stop in the part without a description.",
        },
        applies: always,
        apply: coverage,
    },
    ImageRule {
        rule: Rule {
            id: "image-unwind/code",
            title: "frame descriptions overlap or lie outside of code",
            requirement: "each frame description covers code only, and no byte that another one covers",
            reason: "A description that was not moved with its function covers the bytes of another one.",
            breaks: "Unwinders, which restore registers by the rows of the wrong function.",
        },
        applies: always,
        apply: code,
    },
    ImageRule {
        rule: Rule {
            id: "image-unwind/programs",
            title: "frame description cannot be executed",
            requirement: "the program of each frame description runs to its end, and the description names no \
                          personality routine",
            reason: "Its rows say where the return address is, instruction by instruction; a vDSO has nothing to clean \
                     up.",
            breaks: "libgcc, which aborts at an unknown instruction, and calls the named routine when pthread_cancel or \
                     an exception passes.",
        },
        applies: always,
        apply: programs,
    },
];

/// The tables where they can be read. Where they cannot, [`readable`] says why, and the other rules have no subject.
fn tables(linked: &LinkedImage) -> Result<Option<Unwind>, Error> {
    Ok(unwind(&linked.image.elf()?).ok())
}

/// The next step for tables that cannot be read.
const READABLE_NEXT: &str =
    "no linker leaves the tables so: link anew, with --eh-frame-hdr, or take the image before it was changed";

fn readable(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let place = Place::new(".eh_frame_hdr", 0);
    examination.look();
    match unwind(&elf) {
        Err(reason) => examination.find(place, reason, "tables that can be read to the end", READABLE_NEXT),
        Ok(unwind) => {
            let begins = |name: &str, address| {
                sections(&elf).iter().any(|section| section.name == name && section.addresses().start == address)
            };
            let there = begins(".eh_frame_hdr", unwind.header) && begins(".eh_frame", unwind.frames);
            let found = format!("header at {:#x}, frames at {:#x}", unwind.header, unwind.frames);
            examination.expect(there, place, found, "the addresses of .eh_frame_hdr and .eh_frame");
        }
    }
    Ok(())
}

fn sorted(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let Some(unwind) = tables(linked)? else { return Ok(()) };
    for (index, pair) in unwind.table.windows(2).enumerate() {
        let found = format!("{:#x} after {:#x}", pair[1].start, pair[0].start);
        let place = Place::new(".eh_frame_hdr", row_offset(index + 1));
        examination.expect(pair[0].start < pair[1].start, place, found, "rising addresses");
    }
    // A table of one row is sorted, and it was looked at.
    if unwind.table.len() == 1 {
        examination.look();
    }
    Ok(())
}

fn complete(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let Some(unwind) = tables(linked)? else { return Ok(()) };
    for description in &unwind.descriptions {
        let rows = unwind.table.iter().filter(|row| row.description == description.address).count();
        examination.expect(
            rows == 1,
            Place::new(".eh_frame", description.address.saturating_sub(unwind.frames)),
            format_args!("{rows} entries for the description of {:#x}", description.covers.start),
            "exactly one",
        );
    }
    for (index, row) in unwind.table.iter().enumerate() {
        let leads_to = unwind.descriptions.iter().find(|it| it.address == row.description);
        let right = leads_to.is_some_and(|description| description.covers.start == row.start);
        examination.expect(
            right,
            Place::new(".eh_frame_hdr", row_offset(index)),
            format_args!("an entry for {:#x} that leads to {:#x}", row.start, row.description),
            "the address of the description that begins there",
        );
    }
    Ok(())
}

fn coverage(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let Some(unwind) = tables(linked)? else { return Ok(()) };
    // Descriptions by their start, each with the end of those up to it that reaches furthest.
    let mut covers: Vec<_> = unwind.descriptions.iter().map(|it| (it.covers.start, it.covers.end)).collect();
    covers.sort();
    let mut furthest = 0;
    for (_, end) in &mut covers {
        furthest = furthest.max(*end);
        *end = furthest;
    }
    let covered_to = |address: u64| {
        let before = covers.partition_point(|(start, _)| *start <= address).checked_sub(1)?;
        Some(covers[before].1).filter(|&end| end > address)
    };
    for export in exported(&elf, &Dynamic::of(&elf)).iter().filter(|export| export.symbol.st_type() == STT_FUNC) {
        let end = export.symbol.st_value.get(LE).saturating_add(export.symbol.st_size.get(LE));
        let mut covered = export.symbol.st_value.get(LE);
        let begins = covers.binary_search_by_key(&covered, |(start, _)| *start).is_ok();
        let found = format!("a function from {covered:#x} on, where no description begins");
        examination.expect(begins, place(&elf, covered).in_symbol(export.name), found, "the start of a description");
        // Descriptions may share a function between them; each step ends after a description or not at all.
        while let Some(end) = covered_to(covered) {
            covered = end;
        }
        let found = format!("no description for {covered:#x}, in a function up to {end:#x}");
        examination.expect(covered >= end, place(&elf, covered).in_symbol(export.name), found, "one for every byte");
    }
    Ok(())
}

fn code(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let Some(unwind) = tables(linked)? else { return Ok(()) };
    let text: Vec<_> = sections(&elf).into_iter().filter(|section| section.is_text()).collect();
    let mut end_of_last = 0;
    let mut descriptions: Vec<_> = unwind.descriptions.iter().collect();
    descriptions.sort_by_key(|description| description.covers.start);
    for description in descriptions {
        let covers = &description.covers;
        let place = Place::new(".eh_frame", description.address.saturating_sub(unwind.frames));
        let inside =
            text.iter().map(|section| section.addresses()).any(|it| it.start <= covers.start && covers.end <= it.end);
        let found = format!("a description of {:#x}..{:#x}", covers.start, covers.end);
        examination.expect(
            inside && !covers.is_empty(),
            place.clone(),
            found.clone(),
            "a range of one executable section",
        );
        let wanted = format!("no byte before {end_of_last:#x}, which another description covers");
        examination.expect(covers.start >= end_of_last, place, found, wanted);
        end_of_last = covers.end.max(end_of_last);
    }
    Ok(())
}

fn programs(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let Some(unwind) = tables(linked)? else { return Ok(()) };
    for description in &unwind.descriptions {
        let place = Place::new(".eh_frame", description.address.saturating_sub(unwind.frames));
        let found = match &description.rows {
            Ok(rows) => format!("{} rows", rows.len()),
            Err(reason) => reason.clone(),
        };
        examination.expect(
            description.rows.as_ref().is_ok_and(|rows| !rows.is_empty()),
            place,
            found,
            "rows for the whole range",
        );
        if description.has_handler {
            let place = Place::new(".eh_frame", description.address.saturating_sub(unwind.frames));
            examination.find(place, "a personality routine, or a table for one", "a description without", "");
        }
    }
    Ok(())
}

/// Offset of a row of the search table: eight bytes each, after a header of twelve.
fn row_offset(index: usize) -> u64 {
    12 + 8 * index as u64
}
