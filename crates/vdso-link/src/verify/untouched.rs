// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Rules for a splice: what it did not append or re-point is equal to the original.

mod accepted;
mod bytes;
mod undo;

pub use self::accepted::ACCEPTED;

use super::unwinding::{self, Unwinding};
use super::{ImageRule, debug_file, spliced};
use crate::diff::{Comparison, Difference, compare};
use crate::dump::{Subject, distinct, dynamic, header, sections, segments};
use crate::{Examination, LinkedImage, Rule};
use vdso_elf::error::Error;
use vdso_elf::parser::ElfFile;
use vdso_elf::unwind::unwind;

pub(super) static RULES: &[ImageRule] = &[
    ImageRule {
        rule: Rule {
            id: "image-untouched/headers",
            title: "header differs from the original",
            requirement: "ELF header and program headers differ from the original in the accepted fields only",
            reason: "The splice makes the load segment longer and re-points the unwind table; all other fields describe \
                     the old image.",
            breaks: "Clients that expect the image of the running kernel.",
        },
        applies: spliced,
        apply: |linked, examination| compare_with_original(linked, examination, &[&facts(header), &facts(segments)]),
    },
    ImageRule {
        rule: Rule {
            id: "image-untouched/dynamic",
            title: "dynamic entry differs from the original",
            requirement: "dynamic entries are those of the original, re-pointed only to the tables that the splice \
                          writes anew",
            reason: "Version definitions, soname and flags keep their meaning only in their old place.",
            breaks: "Clients, which look for versions in the wrong table and find no function.",
        },
        applies: spliced,
        apply: |linked, examination| compare_with_original(linked, examination, &[&facts(dynamic)]),
    },
    ImageRule {
        rule: Rule {
            id: "image-untouched/bytes",
            title: "mapped byte differs from the original",
            requirement: "every mapped byte of the original is unchanged and at its address",
            reason: "The kernel patches code at offsets that it took from the original; old functions refer to each \
                     other by distance.",
            breaks: "The time of day in every program: it is wrong, or the call crashes.",
        },
        applies: spliced,
        apply: |linked, examination| compare_with_original(linked, examination, &[&bytes::mapped]),
    },
    ImageRule {
        rule: Rule {
            id: "image-untouched/sections",
            title: "section differs from the original",
            requirement: "section headers and unmapped sections are those of the original, except for tables that the \
                          splice writes anew",
            reason: "Symbols refer to sections by index, debuggers to symbols by section.",
            breaks: "gdb and perf, which give old functions wrong names.",
        },
        applies: spliced,
        apply: |linked, examination| compare_with_original(linked, examination, &[&facts(sections), &bytes::unmapped]),
    },
    ImageRule {
        rule: Rule {
            id: "image-untouched/unwind",
            title: "unwind table differs from the original",
            requirement: "the new unwind table describes the original's code as the original's table does",
            reason: "Descriptions contain distances, so the splice writes the table anew with those of the original in \
                     it.",
            breaks: "Backtraces from a signal in the kernel's own functions.",
        },
        applies: spliced,
        apply: old_frames,
    },
    ImageRule {
        rule: Rule {
            id: "image-untouched/undo",
            title: "splice cannot be undone",
            requirement: "the undo record of the splice restores the original, to the byte",
            reason: "A lost original cannot be spliced again with a newer object, nor be inspected.",
            breaks: "`cargo xtask unsplice`, which fails or gives an image that no kernel was built with.",
        },
        applies: undo::can_be_undone,
        apply: undo::undo,
    },
    ImageRule {
        rule: Rule {
            id: "image-untouched/debug-symbols",
            title: "symbol for debuggers is lost or changed",
            requirement: "each symbol for debuggers is still there, unless it is an export that was re-pointed",
            reason: "The splice writes the table anew to add the names of our functions.",
            breaks: "gdb and perf, which print ?? for functions of the kernel.",
        },
        applies: |linked| spliced(linked) && debug_file(linked),
        apply: undo::debug_symbols,
    },
];

fn old_frames(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let Some(original) = &linked.original else { return Ok(()) };
    // Tables that cannot be read are another rule's finding.
    let (Ok(was), Ok(is)) = (unwind(&original.elf()?), unwind(&linked.image.elf()?)) else { return Ok(()) };
    for description in &was.descriptions {
        let Some(wanted) = Unwinding::of(description) else { continue };
        unwinding::expect(examination, &is, description.covers.start, &wanted, "", "the original");
    }
    Ok(())
}

/// Holds an original against its splice in one respect.
type Compare<'a> = &'a dyn Fn(&ElfFile<'_>, &ElfFile<'_>) -> Comparison;

/// The comparison of what a chapter of the dump lists.
fn facts(list: fn(&ElfFile<'_>) -> Vec<Subject>) -> impl Fn(&ElfFile<'_>, &ElfFile<'_>) -> Comparison {
    move |old, new| compare(&distinct(list(old)), &distinct(list(new)))
}

/// Records the differences that are not accepted.
fn compare_with_original(
    linked: &LinkedImage,
    examination: &mut Examination,
    respects: &[Compare<'_>],
) -> Result<(), Error> {
    let Some(original) = &linked.original else { return Ok(()) };
    let (old, new) = (original.elf()?, linked.image.elf()?);
    for compare in respects {
        let comparison = compare(&old, &new);
        examination.examined += comparison.compared;
        for difference in comparison.differences {
            if ACCEPTED.iter().any(|acceptance| acceptance.covers(&difference)) {
                continue;
            }
            let (key, Difference { place, old, new, .. }) = (difference.key(), difference);
            let cause =
                "the splice moved or overwrote something; what it may change is listed in verify/untouched/accepted.rs";
            examination.find(place, format!("{key} is {new}"), format!("{old}, as in the original"), cause);
        }
    }
    Ok(())
}
