// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The bad images: a good image with one defect each.

mod clients;
mod data_page;
mod dynamic;
mod exports;
mod payload;
mod segments;
mod splice;
mod unwind;

use vdso_fixtures::edit::Edit;
use vdso_fixtures::images::{GoodImages, Kind, link};
use vdso_fixtures::object::GOOD;
use vdso_fixtures::toolchain::standalone_script;
use vdso_link::LinkedImage;

/// A bad image.
pub struct Case {
    /// The defect, which also names the test and the file of its message.
    pub name: &'static str,
    /// The rule that it breaks.
    pub rule: &'static str,
    /// Rules that every such image also breaks; a comment beside the case gives the reason.
    pub also: &'static [&'static str],
    /// The good image that it is made from.
    pub kind: Kind,
    /// How it is made.
    pub change: Change,
}

/// How a bad image is made from a good one.
pub enum Change {
    /// Other bytes in the finished file, which is verified without its object.
    Bytes(fn(&mut Edit)),
    /// The same, verified with its object.
    OfObject(fn(&mut Edit)),
    /// A replacement in the source of the object, of a text that occurs exactly once.
    Source(&'static str, &'static str),
    /// A replacement in the linker script, and a text added to the source.
    Script(&'static str, &'static str, &'static str),
}

impl Case {
    /// Returns the name of its test, which begins with the id of the rule.
    pub fn test_name(&self) -> String {
        format!("{}::{}", self.rule, self.file_stem())
    }

    /// Returns the name of the file with the expected message, without extension.
    pub fn file_stem(&self) -> String {
        let words = self.name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-")
    }

    /// Makes the bad image.
    pub fn image(&self) -> LinkedImage {
        let good = GoodImages::get();
        let with_data = |data| good.with_data(self.kind, data).expect("the change leaves an ELF file");
        let edited = |change: fn(&mut Edit)| {
            let mut edit = Edit::new(good.data(self.kind));
            change(&mut edit);
            edit.data
        };
        let good_script = || std::fs::read_to_string(standalone_script()).expect("the script is there");
        let data = match self.change {
            Change::OfObject(change) => return with_data(edited(change)),
            Change::Bytes(change) => edited(change),
            Change::Source(old, new) => link(&replaced(GOOD, old, new), &good_script(), &[]),
            Change::Script(old, new, source) => {
                link(&format!("{GOOD}{source}"), &replaced(&good_script(), old, new), &[])
            }
        };
        // The good object would disagree with nearly every other image: `image-object` has its own bad images.
        LinkedImage { object: None, ..with_data(data) }
    }
}

fn replaced(text: &str, old: &str, new: &str) -> String {
    assert_eq!(text.matches(old).count(), 1, "{old:?} does not occur exactly once");
    text.replace(old, new)
}

/// A case of changed bytes that breaks one rule.
fn alone(rule: &'static str, name: &'static str, kind: Kind, change: fn(&mut Edit)) -> Case {
    Case { name, rule, also: &[], kind, change: Change::Bytes(change) }
}

/// A case of changed bytes that breaks other rules, too.
fn with(
    rule: &'static str,
    also: &'static [&'static str],
    name: &'static str,
    kind: Kind,
    change: fn(&mut Edit),
) -> Case {
    Case { name, rule, also, kind, change: Change::Bytes(change) }
}

/// Returns all bad images.
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
