// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The good images, each with one thing wrong.

mod clients;
mod data_page;
mod dynamic;
mod exports;
mod payload;
mod segments;
mod splice;
mod unwind;

use crate::edit::Edit;
use crate::fixture::{GOOD, script};
use crate::good::{Good, Kind, link};
use vdso_link::LinkedImage;

/// A bad image.
pub struct Case {
    /// What is wrong.
    pub name: &'static str,
    /// The rule that must speak.
    pub rule: &'static str,
    /// Rules that cannot be silent when it speaks; the reason stands beside the case.
    pub also: &'static [&'static str],
    /// The good image that it is made from.
    pub kind: Kind,
    /// How it is made.
    pub change: Change,
}

/// How a bad image is made from a good one.
pub enum Change {
    /// Other bytes in the finished file.
    Bytes(fn(&mut Edit)),
    /// The same, and what the image is held against its object.
    OfObject(fn(&mut Edit)),
    /// A text replaced in the source of the object, which must occur exactly once, and one in the linker script.
    Source(&'static str, &'static str),
    /// A text replaced in the linker script and one added to the source.
    Script(&'static str, &'static str, &'static str),
}

impl Change {
    /// The bad image.
    pub fn apply(&self, good: &Good, kind: Kind) -> LinkedImage {
        let once = |text: &str, old: &str, new: &str| {
            assert_eq!(text.matches(old).count(), 1, "{old:?} does not occur exactly once");
            text.replace(old, new)
        };
        let changed = |change: fn(&mut Edit)| {
            let mut edit = Edit::new(good.data(kind));
            change(&mut edit);
            edit.data
        };
        let good_script = || std::fs::read_to_string(script()).unwrap();
        // Of another source the object is another one; and nearly every change is one of code that it does not have.
        let without_object =
            |data| LinkedImage { object: None, ..good.with_data(kind, data).expect("the change leaves an ELF file") };
        let data = match *self {
            Self::Bytes(change) => changed(change),
            Self::OfObject(change) => {
                return good.with_data(kind, changed(change)).expect("the change leaves an ELF file");
            }
            Self::Source(old, new) => link(&once(GOOD, old, new), &good_script(), &[]),
            Self::Script(old, new, source) => link(&format!("{GOOD}{source}"), &once(&good_script(), old, new), &[]),
        };
        without_object(data)
    }
}

/// A case of changed bytes in which no other rule speaks.
fn alone(rule: &'static str, name: &'static str, kind: Kind, change: fn(&mut Edit)) -> Case {
    Case { name, rule, also: &[], kind, change: Change::Bytes(change) }
}

/// A case of changed bytes in which other rules speak too.
fn with(
    rule: &'static str,
    also: &'static [&'static str],
    name: &'static str,
    kind: Kind,
    change: fn(&mut Edit),
) -> Case {
    Case { name, rule, also, kind, change: Change::Bytes(change) }
}

/// Every case.
pub fn all() -> Vec<Case> {
    [
        segments::cases(),
        dynamic::cases(),
        exports::cases(),
        splice::cases(),
        payload::cases(),
        unwind::cases(),
        data_page::cases(),
        clients::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
