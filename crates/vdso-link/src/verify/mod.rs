// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The rules for the image, one file per family.
//!
//! Everything is read from the bytes that were written. A violation is a finding, also where the image is too
//! broken to look further.

mod consumers;
mod data_page;
mod dynamic;
mod explained;
mod exports;
mod object;
mod second_opinion;
mod segments;
mod untouched;
mod unwind;
mod unwinding;

pub use crate::layout::PAGE_BUDGET;
pub use explained::{EXPLAINED, Explained, explained};
pub use untouched::ACCEPTED;

use crate::{Examination, LinkedImage, Report, Rule, VerifiedImage};
use vdso_elf::bounds;
use vdso_elf::error::Error;

/// A rule with the function that applies it.
pub struct ImageRule {
    /// The requirement and its reason.
    pub rule: Rule,
    /// Whether the image is of the kind that the rule is about; a rule that does not apply is not in the report.
    pub applies: fn(&LinkedImage) -> bool,
    /// Looks at the image and records what it finds.
    ///
    /// # Errors
    /// [`Error::Malformed`] where the image cannot be read at the place of interest.
    pub apply: fn(&LinkedImage, &mut Examination) -> Result<(), Error>,
}

/// Every image rule, in the order of reporting.
pub fn rules() -> impl Iterator<Item = &'static ImageRule> {
    [
        segments::RULES,
        dynamic::RULES,
        exports::RULES,
        untouched::RULES,
        object::RULES,
        unwind::RULES,
        data_page::RULES,
        consumers::RULES,
        second_opinion::RULES,
    ]
    .into_iter()
    .flatten()
}

/// Applies every rule; `Ok(Err(report))` is an image that broke at least one.
///
/// # Errors
/// [`Error`] where the image could not be looked at.
pub fn verify(linked: LinkedImage) -> Result<Result<VerifiedImage, Report>, Error> {
    for image in [Some(&linked.image), linked.original.as_ref()].into_iter().flatten() {
        bounds::image(image)?;
    }
    let mut examinations = Vec::new();
    for rule in rules().filter(|rule| (rule.applies)(&linked)) {
        let mut examination = Examination::of(&rule.rule);
        (rule.apply)(&linked, &mut examination)?;
        examinations.push(examination.close());
    }
    let report = Report::new(linked.image.path(), &linked.image.elf()?, examinations);
    Ok(if report.passed() { Ok(VerifiedImage::new(linked, report)) } else { Err(report) })
}

/// For rules about every image.
fn always(_: &LinkedImage) -> bool {
    true
}

/// For rules about images that were spliced.
fn spliced(linked: &LinkedImage) -> bool {
    linked.original.is_some()
}

/// For rules about files for debuggers: those with a `.symtab`.
fn debug_file(linked: &LinkedImage) -> bool {
    linked.image.elf().is_ok_and(|elf| !elf.elf_symbol_table().is_empty())
}
