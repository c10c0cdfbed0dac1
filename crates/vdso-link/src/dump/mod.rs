// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! An image in words: the same text for the same image everywhere, one line a thing that it holds.
//!
//! A chapter lists things of one kind, a thing has a name that does not depend on its place, and a fact is a field of it.
//! [`diff`](crate::diff) holds two images against each other by the same names.

mod code;
mod data_page;
mod dynamic;
mod exports;
mod header;
mod kernel_tables;
mod notes;
mod sections;
mod segments;
mod summary;
mod unwind;
mod versions;

use serde::ser::{Serialize, SerializeMap, Serializer};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fmt;
use vdso_elf::bounds;
use vdso_elf::error::Error;
use vdso_elf::image::Image;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;
use vdso_elf::printable::printable;

pub(crate) use dynamic::{dynamic, string_of};
pub(crate) use header::header;
pub(crate) use sections::sections;
pub(crate) use segments::segments;

/// One thing of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its name, the same in every image that has such a thing: `phdr[PT_LOAD]`.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Name and value of each fact.
    pub fields: Vec<(&'static str, String)>,
}

/// Things of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chapter {
    /// The name of the kind, in the plural.
    pub title: &'static str,
    /// The things, each with a unique name.
    pub subjects: Vec<Subject>,
}

/// All of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump {
    /// Kind by kind.
    pub chapters: Vec<Chapter>,
}

/// A function that lists the things of one kind.
type Lister = fn(&ElfFile<'_>) -> Vec<Subject>;

/// The chapters in the order in which a reader asks: what it is, what it gives, what it holds, where that lies.
const CHAPTERS: [(&str, Lister); 14] = [
    ("image", summary::image),
    ("exports", exports::exports),
    ("version definitions", versions::versions),
    ("data page", data_page::data_page),
    ("notes", notes::notes),
    ("unwind coverage", unwind::unwind),
    ("alternatives", kernel_tables::alternatives),
    ("functions for debuggers", exports::debug_functions),
    ("ELF header", header),
    ("segments", segments),
    ("dynamic table", dynamic),
    ("hash tables", dynamic::hash_tables),
    ("sections", sections),
    ("contents", sections::contents),
];

/// Describes an image.
///
/// # Errors
/// [`Error::Malformed`] where it is no ELF file; what cannot be read further in is missing from the description.
pub fn dump(image: &Image) -> Result<Dump, Error> {
    bounds::image(image)?;
    let elf = image.elf()?;
    let chapters = CHAPTERS.iter().map(|&(title, list)| Chapter { title, subjects: distinct(list(&elf)) });
    Ok(Dump { chapters: chapters.collect() })
}

/// Gives the second and later things of one name a number, so that every name stands for one thing.
pub(crate) fn distinct(mut subjects: Vec<Subject>) -> Vec<Subject> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for subject in &mut subjects {
        let count = counts.entry(subject.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            subject.name = format!("{}#{count}", subject.name);
        }
    }
    subjects
}

impl Subject {
    /// A thing with its facts, in characters that can be printed.
    fn new(name: impl AsRef<str>, place: Place, fields: Vec<(&'static str, String)>) -> Self {
        let fields = fields.into_iter().map(|(field, value)| (field, printable(&value))).collect();
        Self { name: printable(name.as_ref()), place, fields }
    }

    /// All facts in one line.
    pub(crate) fn facts(&self) -> String {
        let facts: Vec<_> = self.fields.iter().map(|(field, value)| format!("{field} {value}")).collect();
        facts.join(", ")
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chapter in self.chapters.iter().filter(|chapter| !chapter.subjects.is_empty()) {
            writeln!(f, "# {}", chapter.title)?;
            for subject in &chapter.subjects {
                writeln!(f, "{}: {}", subject.name, subject.facts())?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// By the dotted keys of [`diff`](crate::diff()): an object of things, each an object of its facts.
impl Serialize for Dump {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for subject in self.chapters.iter().flat_map(|chapter| &chapter.subjects) {
            let fields: serde_json::Map<_, _> =
                subject.fields.iter().map(|(field, value)| ((*field).to_owned(), value.clone().into())).collect();
            map.serialize_entry(&subject.name, &fields)?;
        }
        map.end()
    }
}

/// A number in hexadecimal digits, as ELF tools print it.
fn hex(value: impl Into<u64>) -> String {
    format!("{:#x}", value.into())
}

/// A number with its sign, in hexadecimal digits.
pub(crate) fn signed(value: i64) -> String {
    format!("{}{:#x}", if value < 0 { "-" } else { "" }, value.unsigned_abs())
}

/// A string of the file, another one for every other string: what is no UTF-8 is escaped, and so is what escapes begin with.
fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text += &chunk.valid().replace('\\', "\\\\");
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// Names in one line, or that there are none.
fn names(names: impl Iterator<Item = String>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() { "none".into() } else { names.join(" ") }
}

/// Bytes as pairs of digits.
fn pairs(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first 16 hexadecimal digits of the SHA-256 digest of some bytes: enough to tell two contents apart.
fn digest(bytes: &[u8]) -> String {
    pairs(&Sha256::digest(bytes)[..8])
}
