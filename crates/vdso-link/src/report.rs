// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! All examinations of one file, for people and for machines.

use crate::rule::{Examination, Finding};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

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
    subject: &'a str,
    passed: bool,
    examined: BTreeMap<&'static str, usize>,
    findings: Vec<&'a Finding>,
}

impl Report {
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
            subject: &self.subject,
            passed: self.passed(),
            examined: self.examined(),
            findings: self.findings().collect(),
        };
        serde_json::to_value(json).expect("strings and numbers always serialize")
    }
}

/// The shape of a compiler's errors, one paragraph a finding.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in self.findings() {
            let Finding { rule, place, found, wanted, cause } = finding;
            writeln!(f, "error[{rule}]: {found}")?;
            write!(f, "  --> {}", self.subject)?;
            if !place.section.is_empty() {
                write!(f, ": {}+{:#x}", place.section, place.offset)?;
            }
            if !place.symbol.is_empty() {
                write!(f, " in {}", place.symbol)?;
            }
            writeln!(f, "\n   = wanted: {wanted}")?;
            if !cause.is_empty() {
                writeln!(f, "   = cause: {cause}")?;
            }
            writeln!(f, "   = see: cargo xtask explain {rule}\n")?;
        }
        Ok(())
    }
}
