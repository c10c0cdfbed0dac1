// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! All examinations of one file, for people and for machines.

mod words;

use crate::rule::{Examination, Finding};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use vdso_elf::excerpt::excerpt;
use vdso_elf::parser::ElfFile;
use vdso_elf::printable::printable;
pub use words::Words;

/// As many findings of one rule are shown in words; all are in the JSON.
pub const SHOWN: usize = 5;

/// Number of the JSON form. It grows when a member is taken away or changes its meaning, not when one is added.
pub const SCHEMA: u32 = 1;

/// The members of the JSON form: path, type and meaning. `docs/rules.md` has them as a table.
pub const MEMBERS: [(&str, &str, &str); 19] = [
    ("schema", "number", "version of this form; it grows when a member is taken away or changes its meaning"),
    ("subject", "string", "the file that was looked at, as it was named"),
    ("passed", "boolean", "whether no rule found anything"),
    ("examined", "object", "for each rule by id how many things it looked at; never 0 for a file that passed"),
    ("findings", "array", "every breach of a rule, by rule and then by place"),
    ("findings[].rule", "string", "id of the rule, as `cargo xtask explain` takes it"),
    ("findings[].title", "string", "the violation in a few words, the same for all findings of the rule"),
    ("findings[].place", "object", "where the breach is"),
    ("findings[].place.section", "string", "name of the section, segment or table; empty for the file as a whole"),
    ("findings[].place.offset", "number", "offset in it, in bytes"),
    ("findings[].place.symbol", "string", "the symbol there, demangled; empty where there is none"),
    ("findings[].found", "string", "what stands there"),
    ("findings[].wanted", "string", "what should"),
    ("findings[].cause", "string", "the likely cause and the next step; empty where none is known"),
    (
        "findings[].excerpt",
        "array",
        "what the file holds at the place; empty where that tells nothing, and beyond the first 5 findings of a rule",
    ),
    ("findings[].excerpt[].offset", "number", "offset of the line in the section or table, in bytes"),
    ("findings[].excerpt[].bytes", "string", "the bytes as pairs of hexadecimal digits"),
    ("findings[].excerpt[].text", "string", "the instruction that they are, in AT&T syntax; empty for data"),
    ("findings[].excerpt[].here", "boolean", "whether the line is what the finding is about, and not its neighbour"),
];

/// The outcome of every rule of a stage.
#[derive(Debug)]
pub struct Report {
    /// The file that was looked at, as it was named.
    pub subject: String,
    /// One per rule, in the order in which the rules are listed.
    pub examinations: Vec<Examination>,
}

/// The stable form for machines.
#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    subject: &'a str,
    passed: bool,
    examined: BTreeMap<&'static str, usize>,
    findings: Vec<&'a Finding>,
}

impl Report {
    /// The report on a file, with excerpts of it where its findings are.
    pub(crate) fn new(subject: &Path, elf: &ElfFile<'_>, mut examinations: Vec<Examination>) -> Self {
        for finding in examinations.iter_mut().flat_map(|examination| examination.findings.iter_mut().take(SHOWN)) {
            finding.excerpt = excerpt(elf, &finding.place);
        }
        Self { subject: printable(&subject.display().to_string()), examinations }
    }

    /// Whether no rule found anything.
    pub fn passed(&self) -> bool {
        self.findings().next().is_none()
    }

    /// All findings, by rule and then by place.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.examinations.iter().flat_map(|examination| &examination.findings)
    }

    /// How many things each rule looked at, by rule id.
    pub fn examined(&self) -> BTreeMap<&'static str, usize> {
        self.examinations.iter().map(|examination| (examination.rule.id, examination.examined)).collect()
    }

    /// The report as one JSON value.
    pub fn to_json(&self) -> serde_json::Value {
        let json = Json {
            schema: SCHEMA,
            subject: &self.subject,
            passed: self.passed(),
            examined: self.examined(),
            findings: self.findings().collect(),
        };
        serde_json::to_value(json).expect("strings and numbers always serialize")
    }
}
