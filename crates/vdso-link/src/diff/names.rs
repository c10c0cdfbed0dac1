// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Names for frame descriptions that only one of two images can name.
//!
//! A description is called by the function that it describes, and by its address where the image has no such symbol: a
//! stripped image and its unstripped file name one description differently.

use crate::dump::Subject;
use std::collections::{HashMap, HashSet};

/// The field with the address of the code that a description covers.
const START: &str = "start";

/// Gives a description without a name the name that the other image has for the description of the same address.
pub(super) fn share(old: &mut [Subject], new: &mut [Subject]) {
    let (of_old, of_new) = (names(old), names(new));
    rename(old, &of_new);
    rename(new, &of_old);
}

/// The named descriptions by the address of their code.
fn names(subjects: &[Subject]) -> HashMap<String, String> {
    let named = subjects.iter().filter(|subject| !is_called_by_address(subject));
    named.filter_map(|subject| Some((start(subject)?.to_owned(), subject.name.clone()))).collect()
}

fn rename(subjects: &mut [Subject], names: &HashMap<String, String>) {
    let taken: HashSet<String> = subjects.iter().map(|subject| subject.name.clone()).collect();
    for subject in subjects.iter_mut().filter(|subject| is_called_by_address(subject)) {
        let name = start(subject).and_then(|start| names.get(start)).filter(|name| !taken.contains(*name));
        if let Some(name) = name {
            subject.name.clone_from(name);
        }
    }
}

fn is_called_by_address(subject: &Subject) -> bool {
    start(subject).is_some_and(|start| subject.name == format!("fde[{start}]"))
}

fn start(subject: &Subject) -> Option<&str> {
    let is_description = subject.name.starts_with("fde[");
    let field = subject.fields.iter().find(|(name, _)| is_description && *name == START);
    field.map(|(_, value)| value.as_str())
}
