// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The rules for the object, one file per family.
//!
//! [`Anatomy`] reads the object once; a rule is a function that walks it, beside the words that explain it.

mod causes;
mod code;
mod header;
mod relocations;
mod secrets;
mod sections;
mod symbols;
mod unwind;

use crate::{CheckedObject, Examination, Report, Rule};
use vdso_elf::anatomy::Anatomy;
use vdso_elf::error::Error;
use vdso_elf::object::Object;

/// A rule with the function that applies it.
pub struct ObjectRule {
    /// The requirement and its reason.
    pub rule: Rule,
    /// Looks at the object and records what it finds.
    apply: fn(&Anatomy, &mut Examination),
}

/// Every object rule, in the order of reporting.
pub fn rules() -> impl Iterator<Item = &'static ObjectRule> {
    let families: [&'static [ObjectRule]; 7] = [
        &header::RULES,
        &sections::RULES,
        &symbols::RULES,
        &relocations::RULES,
        &code::RULES,
        &secrets::RULES,
        &unwind::RULES,
    ];
    families.into_iter().flatten()
}

/// Applies every rule; `Ok(Err(report))` is an object that broke at least one.
///
/// # Errors
/// [`Error`] where the object could not be looked at.
pub fn check(object: Object) -> Result<Result<CheckedObject, Report>, Error> {
    let anatomy = Anatomy::of(&object)?;
    let mut examinations = Vec::new();
    for rule in rules() {
        let mut examination = Examination::of(&rule.rule);
        (rule.apply)(&anatomy, &mut examination);
        examinations.push(examination.close());
    }
    let report = Report::new(object.path(), &object.elf()?, examinations);
    Ok(if report.passed() { Ok(CheckedObject::new(object, report)) } else { Err(report) })
}
