// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One difference between two images, by a key that names the field, and lists of keys that are accepted with a reason.

use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::fmt;
use vdso_elf::place::Place;

/// One difference between an old and a new image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The thing that differs, by a name that does not depend on its place: `phdr[PT_LOAD]`.
    pub subject: String,
    /// The field of it: `p_filesz`; `added` or `removed` where only one image has the thing.
    pub field: &'static str,
    /// Where it stands, in the image that has it, in both in the new one.
    pub place: Place,
    /// The value in the old image.
    pub old: String,
    /// The value in the new image.
    pub new: String,
}

/// Keys that may differ.
#[derive(Debug)]
pub struct Acceptance {
    /// Names of things; a `*` in brackets stands for any name.
    pub subjects: &'static [&'static str],
    /// Fields of them.
    pub fields: &'static [&'static str],
    /// Why.
    pub reason: &'static str,
}

impl Difference {
    /// The dotted key: `phdr[PT_LOAD].p_filesz`.
    pub fn key(&self) -> String {
        format!("{}.{}", self.subject, self.field)
    }
}

impl Acceptance {
    /// Whether it is about this difference.
    pub fn covers(&self, difference: &Difference) -> bool {
        self.fields.contains(&difference.field) && self.subjects.iter().any(|name| matches(name, &difference.subject))
    }
}

/// Whether a name in a list stands for a subject.
fn matches(name: &str, subject: &str) -> bool {
    match name.split_once('*') {
        Some((before, after)) => {
            subject.len() >= before.len() + after.len() && subject.starts_with(before) && subject.ends_with(after)
        }
        None => name == subject,
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} -> {}", self.key(), self.old, self.new)
    }
}

impl Serialize for Difference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut it = serializer.serialize_struct("Difference", 3)?;
        it.serialize_field("key", &self.key())?;
        it.serialize_field("old", &self.old)?;
        it.serialize_field("new", &self.new)?;
        it.end()
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_name_and_nothing_else_does() {
        assert!(matches("shdr[*]", "shdr[.text]") && matches("shdr[.text]", "shdr[.text]"));
        assert!(
            !matches("shdr[*]", "shdr[") && !matches("shdr[*]", "phdr[PT_LOAD]") && !matches("shdr[.t", "shdr[.text]")
        );
    }
}
