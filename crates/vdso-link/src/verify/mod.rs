// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The rules for the image, one file per family.

use crate::{Error, Examination, LinkedImage, Report, Rule, VerifiedImage};

/// A rule with the function that applies it.
pub struct ImageRule {
    /// What is demanded, and why.
    pub rule: Rule,
    /// Looks at the image and records what it finds.
    ///
    /// # Errors
    /// [`Error::Malformed`] where the image cannot be read at the place of interest.
    pub apply: fn(&LinkedImage, &mut Examination) -> Result<(), Error>,
}

/// Every image rule, in the order of reporting.
pub fn rules() -> impl Iterator<Item = &'static ImageRule> {
    [].into_iter()
}

/// Applies every rule; `Ok(Err(report))` is an image that broke at least one.
///
/// # Errors
/// [`Error`] where the image could not be looked at.
pub fn verify(linked: LinkedImage) -> Result<Result<VerifiedImage, Report>, Error> {
    let mut examinations = Vec::new();
    for rule in rules() {
        let mut examination = Examination::of(&rule.rule);
        (rule.apply)(&linked, &mut examination)?;
        examinations.push(examination.close());
    }
    let report = Report { subject: linked.image.path().display().to_string(), examinations };
    Ok(if report.passed() { Ok(VerifiedImage::new(linked, report)) } else { Err(report) })
}
