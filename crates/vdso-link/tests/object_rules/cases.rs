// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What a bad input is.

use crate::fixture::GOOD;
use crate::{bad_bytes, bad_source};

/// The good object with one thing wrong.
pub struct Case {
    /// Name of the file with the expected message.
    pub name: &'static str,
    /// The rule that must speak.
    pub rule: &'static str,
    /// Rules that cannot be silent when it speaks; the reason stands beside the case.
    pub also: &'static [&'static str],
    /// What is wrong.
    pub edit: Edit,
}

/// How an input is made from the good one.
#[derive(Clone, Copy)]
pub enum Edit {
    /// Replacements in the source, each of a text that occurs exactly once; an empty text appends.
    Source(&'static [(&'static str, &'static str)]),
    /// A change of the assembled object, for what no assembler writes.
    Bytes(fn(&mut Vec<u8>)),
}

/// Every case.
pub fn all() -> impl Iterator<Item = Case> {
    bad_source::cases().into_iter().chain(bad_bytes::cases())
}

/// The good source with the replacements of a case.
pub fn edited(case: &Case, edits: &[(&str, &str)]) -> String {
    let mut source = GOOD.to_owned();
    for (old, new) in edits {
        if old.is_empty() {
            source.push_str(new);
        } else {
            assert_eq!(source.matches(old).count(), 1, "{}: {old:?} does not occur exactly once", case.name);
            source = source.replace(old, new);
        }
    }
    source
}
