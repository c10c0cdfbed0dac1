// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Rules for a splice: what it did not append or re-point is equal to the original.

use super::accepted::ACCEPTED;
use super::unwinding::{self, Unwinding};
use super::{ImageRule, bytes, spliced};
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
            demand: "ELF header and program headers differ from the original in the accepted fields only",
            why: "The splice makes the load segment longer and re-points the unwind table; all else describes the old image.",
            breaks: "Clients that know the running kernel's image meet another kind of file.",
        },
        applies: spliced,
        apply: |linked, examination| judge(linked, examination, &[&facts(header), &facts(segments)]),
    },
    ImageRule {
        rule: Rule {
            id: "image-untouched/dynamic",
            demand: "dynamic entries are those of the original, with only the tables that were made anew re-pointed",
            why: "Version definitions, soname and flags keep their meaning only in their old place.",
            breaks: "Clients look for versions in the wrong table and find no function at all.",
        },
        applies: spliced,
        apply: |linked, examination| judge(linked, examination, &[&facts(dynamic)]),
    },
    ImageRule {
        rule: Rule {
            id: "image-untouched/bytes",
            demand: "every mapped byte of the original stands where it stood",
            why: "The kernel patches code at offsets that it took from the original; old functions refer to each other by distance.",
            breaks: "The time of day is wrong or crashes, in every program.",
        },
        applies: spliced,
        apply: |linked, examination| judge(linked, examination, &[&bytes::mapped]),
    },
    ImageRule {
        rule: Rule {
            id: "image-untouched/sections",
            demand: "section headers and unmapped sections are those of the original, but for tables that were made anew",
            why: "Symbols refer to sections by index, debuggers to symbols by section.",
            breaks: "gdb and perf name old functions wrongly.",
        },
        applies: spliced,
        apply: |linked, examination| judge(linked, examination, &[&facts(sections), &bytes::unmapped]),
    },
    ImageRule {
        rule: Rule {
            id: "image-untouched/unwind",
            demand: "what the original's unwind table says of its code, the new one says too",
            why: "Descriptions hold distances, so that the table is made anew with those of the original in it.",
            breaks: "Backtraces from a signal in the kernel's own functions.",
        },
        applies: spliced,
        apply: old_frames,
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
fn judge(linked: &LinkedImage, examination: &mut Examination, respects: &[Compare<'_>]) -> Result<(), Error> {
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
            let cause = "the splice moved or overwrote something; what it may change is listed in verify/accepted.rs";
            examination.find(place, format!("{key} is {new}"), format!("{old}, as in the original"), cause);
        }
    }
    Ok(())
}
