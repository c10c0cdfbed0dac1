// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Two images held against each other by meaning: the facts of their [dumps](crate::dump), thing by thing.

mod difference;
mod fields;
mod names;

pub use difference::{Acceptance, Difference};

use crate::dump::{Subject, dump};
use std::collections::{HashMap, HashSet};
use vdso_elf::error::Error;
use vdso_elf::image::Image;

/// The number of compared things, and the differences.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// How many facts or bytes were held against each other.
    pub(crate) compared: usize,
    /// Those that differ.
    pub(crate) differences: Vec<Difference>,
}

/// All differences between two images, in the order of the dump.
///
/// # Errors
/// [`Error::Malformed`] where one of them is no ELF file.
pub fn diff(old: &Image, new: &Image) -> Result<Vec<Difference>, Error> {
    let (mut old, mut new) = (dump(old)?, dump(new)?);
    let chapters = old.chapters.iter_mut().zip(&mut new.chapters);
    let differences = chapters.flat_map(|(old, new)| {
        names::share(&mut old.subjects, &mut new.subjects);
        compare(&old.subjects, &new.subjects).differences
    });
    Ok(differences.collect())
}

/// Holds things of one kind against each other, by name and field; every name stands for one thing.
pub(crate) fn compare(old: &[Subject], new: &[Subject]) -> Comparison {
    let mut comparison = Comparison::default();
    let after: HashMap<&str, &Subject> = new.iter().map(|subject| (subject.name.as_str(), subject)).collect();
    for was in old {
        match after.get(was.name.as_str()) {
            Some(is) => compare_fields(&mut comparison, was, is),
            None => comparison.one_sided(was, "removed", was.facts(), "nothing".into()),
        }
    }
    let before: HashSet<&str> = old.iter().map(|subject| subject.name.as_str()).collect();
    for is in new.iter().filter(|subject| !before.contains(subject.name.as_str())) {
        comparison.one_sided(is, "added", "nothing".into(), is.facts());
    }
    comparison
}

/// The fields of a thing that both images have; a field that only one has counts as empty in the other.
fn compare_fields(comparison: &mut Comparison, was: &Subject, is: &Subject) {
    let value = |subject: &Subject, field: &str| {
        let found = subject.fields.iter().find(|(name, _)| *name == field);
        found.map_or_else(String::new, |(_, value)| value.clone())
    };
    let only_new = is.fields.iter().filter(|(field, _)| was.fields.iter().all(|(other, _)| other != field));
    for (field, _) in was.fields.iter().chain(only_new) {
        comparison.compared += 1;
        let (old, new) = (value(was, field), value(is, field));
        if old != new {
            let place = fields::place_of(field, &is.place);
            let difference = Difference { subject: was.name.clone(), field, place, old, new };
            comparison.differences.push(difference);
        }
    }
}

impl Comparison {
    /// Records a thing that only one image has.
    fn one_sided(&mut self, subject: &Subject, field: &'static str, old: String, new: String) {
        self.compared += 1;
        let (subject, place) = (subject.name.clone(), subject.place.clone());
        self.differences.push(Difference { subject, field, place, old, new });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vdso_elf::place::Place;

    fn subject(name: &str, fields: &[(&'static str, &str)]) -> Subject {
        let fields = fields.iter().map(|(field, value)| (*field, (*value).to_owned())).collect();
        Subject { name: name.into(), place: Place::default(), fields }
    }

    #[test]
    fn what_changed_came_and_went_is_named() {
        let old = [subject("a", &[("x", "1"), ("y", "2"), ("z", "3")]), subject("b", &[("x", "1")])];
        let new = [subject("c", &[("x", "1")]), subject("a", &[("x", "1"), ("y", "9"), ("w", "4")])];
        let comparison = compare(&old, &new);
        let found: Vec<_> = comparison.differences.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            ["a.y: 2 -> 9", "a.z: 3 -> ", "a.w:  -> 4", "b.removed: x 1 -> nothing", "c.added: nothing -> x 1"]
        );
        assert_eq!(comparison.compared, 6);
        assert!(compare(&old, &old).differences.is_empty());
    }
}
