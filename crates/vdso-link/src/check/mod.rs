// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The rules for the object, one file per family.

use crate::{CheckedObject, Error, Examination, Object, Report, Rule};

/// A rule with the function that applies it.
pub struct ObjectRule {
    /// What is demanded, and why.
    pub rule: Rule,
    /// Looks at the object and records what it finds.
    ///
    /// # Errors
    /// [`Error::Malformed`] where the object cannot be read at the place of interest.
    pub apply: fn(&Object, &mut Examination) -> Result<(), Error>,
}

/// Every object rule, in the order of reporting.
pub fn rules() -> impl Iterator<Item = &'static ObjectRule> {
    [].into_iter()
}

/// Applies every rule; `Ok(Err(report))` is an object that broke at least one.
///
/// # Errors
/// [`Error`] where the object could not be looked at.
pub fn check(object: Object) -> Result<Result<CheckedObject, Report>, Error> {
    let mut examinations = Vec::new();
    for rule in rules() {
        let mut examination = Examination::of(&rule.rule);
        (rule.apply)(&object, &mut examination)?;
        examinations.push(examination.close());
    }
    let report = Report { subject: object.path().display().to_string(), examinations };
    Ok(if report.passed() { Ok(CheckedObject::new(object, report)) } else { Err(report) })
}
