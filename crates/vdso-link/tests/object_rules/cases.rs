// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The form of a bad input.

use crate::{bad_bytes, bad_source};
use vdso_fixtures::object::{GOOD, assemble, good};

/// The good object with one defect.
pub struct Case {
    /// Name of the file with the expected message.
    pub name: &'static str,
    /// The rule that it breaks.
    pub rule: &'static str,
    /// Rules that every such input also breaks; a comment beside the case gives the reason.
    pub also: &'static [&'static str],
    /// The defect.
    pub edit: Edit,
}

/// How an input is made from the good object.
#[derive(Clone, Copy)]
pub enum Edit {
    /// Replacements in the source, each of a text that occurs exactly once; an empty text appends.
    Source(&'static [(&'static str, &'static str)]),
    /// A change of the assembled object, for defects that no assembler writes.
    Bytes(fn(&mut Vec<u8>)),
}

impl Case {
    /// Returns the name of its test, which begins with the id of the rule.
    pub fn test_name(&self) -> String {
        format!("{}::{}", self.rule, self.name)
    }

    /// Makes the bad input.
    pub fn bytes(&self) -> Vec<u8> {
        match self.edit {
            Edit::Source(edits) => assemble(&self.edited(edits)),
            Edit::Bytes(change) => {
                let mut bytes = good().object().data().to_vec();
                change(&mut bytes);
                bytes
            }
        }
    }

    fn edited(&self, edits: &[(&str, &str)]) -> String {
        let mut source = GOOD.to_owned();
        for (old, new) in edits {
            if old.is_empty() {
                source.push_str(new);
            } else {
                assert_eq!(source.matches(old).count(), 1, "{}: {old:?} does not occur exactly once", self.name);
                source = source.replace(old, new);
            }
        }
        source
    }
}

/// Returns all bad inputs.
pub fn all() -> impl Iterator<Item = Case> {
    bad_source::cases().into_iter().chain(bad_bytes::cases())
}
