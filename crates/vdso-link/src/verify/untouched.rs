// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Rules for a splice: what it did not append or re-point is equal to the original.

use super::compare::{self, Comparison};
use super::difference::Difference;
use super::{ImageRule, spliced};
use crate::object_file::ElfFile;
use crate::{Error, Examination, LinkedImage, Rule};

pub(super) static RULES: &[ImageRule] = &[
    ImageRule {
        rule: Rule {
            id: "image-untouched/headers",
            demand: "ELF header and program headers differ from the original in the accepted fields only",
            why: "The splice makes the load segment longer and re-points the unwind table; all else describes the old image.",
            breaks: "Clients that know the running kernel's image meet another kind of file.",
        },
        applies: spliced,
        apply: |linked, examination| judge(linked, examination, compare::headers),
    },
    ImageRule {
        rule: Rule {
            id: "image-untouched/dynamic",
            demand: "dynamic entries are those of the original, with only the tables that were made anew re-pointed",
            why: "Version definitions, soname and flags keep their meaning only in their old place.",
            breaks: "Clients look for versions in the wrong table and find no function at all.",
        },
        applies: spliced,
        apply: |linked, examination| judge(linked, examination, compare::dynamic),
    },
    ImageRule {
        rule: Rule {
            id: "image-untouched/bytes",
            demand: "every mapped byte of the original stands where it stood",
            why: "The kernel patches code at offsets that it took from the original; old functions refer to each other by distance.",
            breaks: "The time of day is wrong or crashes, in every program.",
        },
        applies: spliced,
        apply: |linked, examination| judge(linked, examination, compare::bytes),
    },
    ImageRule {
        rule: Rule {
            id: "image-untouched/sections",
            demand: "section headers and unmapped sections are those of the original, but for tables that were made anew",
            why: "Symbols refer to sections by index, debuggers to symbols by section.",
            breaks: "gdb and perf name old functions wrongly.",
        },
        applies: spliced,
        apply: |linked, examination| judge(linked, examination, compare::section_headers),
    },
];

/// All differences between a splice and its original, accepted or not; none for another image.
///
/// # Errors
/// [`Error::Malformed`] where one of them is no ELF file.
pub fn differences(linked: &LinkedImage) -> Result<Vec<Difference>, Error> {
    let Some(original) = &linked.original else { return Ok(Vec::new()) };
    let (old, new) = (original.elf()?, linked.image.elf()?);
    let all = [compare::headers, compare::dynamic, compare::bytes, compare::section_headers];
    Ok(all.iter().flat_map(|compare| compare(&old, &new).differences).collect())
}

/// Records the differences that are not accepted.
fn judge(
    linked: &LinkedImage,
    examination: &mut Examination,
    compare: fn(&ElfFile<'_>, &ElfFile<'_>) -> Comparison,
) -> Result<(), Error> {
    let Some(original) = &linked.original else { return Ok(()) };
    let comparison = compare(&original.elf()?, &linked.image.elf()?);
    examination.examined += comparison.compared;
    for difference in comparison.differences.into_iter().filter(|difference| difference.acceptance().is_none()) {
        let Difference { key, place, original, spliced } = difference;
        let cause = "the splice moved or overwrote something; what it may change is listed in verify/difference.rs";
        examination.find(place, format!("{key} is {spliced}"), format!("{original}, as in the original"), cause);
    }
    Ok(())
}
