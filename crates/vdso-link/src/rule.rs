// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A rule, what it looked at, and what it found.

use serde::Serialize;
use std::fmt::Display;
use vdso_elf::excerpt::Line;
use vdso_elf::place::Place;
use vdso_elf::printable::printable;

/// A requirement on an object or an image, with its reason.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable name, family first: `relocations/kind`.
    pub id: &'static str,
    /// The violation, in a few words without a full stop: the first line of a finding.
    pub title: &'static str,
    /// The requirement, in one sentence without a full stop.
    pub requirement: &'static str,
    /// Why the rule exists, in sentences.
    pub reason: &'static str,
    /// Which programs a violation breaks, and how, in sentences.
    pub breaks: &'static str,
}

impl Rule {
    /// The text of `explain`: id, title, requirement, reason, and which programs break.
    pub fn explanation(&self) -> String {
        let Self { id, title, requirement, reason, breaks } = self;
        format!("{id}: {title}\n\nRequirement: {requirement}.\n\nReason: {reason}\n\nBreaks: {breaks}\n")
    }
}

/// One breach of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// [`Rule::id`].
    pub rule: &'static str,
    /// [`Rule::title`].
    pub title: &'static str,
    /// Where.
    pub place: Place,
    /// The bytes or value found there.
    pub found: String,
    /// The expected bytes or value.
    pub wanted: String,
    /// The likely cause and the next step; empty where none is known.
    pub cause: String,
    /// The excerpt of the file at the place; empty if it explains nothing, and beyond the first
    /// [`SHOWN`](crate::report::SHOWN) findings of a rule.
    pub excerpt: Vec<Line>,
}

/// Maximum number of findings recorded for each rule: a file can be wrong in each of its bytes.
const MOST_FINDINGS: usize = 1000;

/// One rule at work: counts what it looks at and gathers what it finds.
#[derive(Debug)]
pub struct Examination {
    /// The rule.
    pub rule: &'static Rule,
    /// How many things were looked at.
    pub examined: usize,
    /// The breaches, sorted by place once the examination is [closed](Self::close).
    pub findings: Vec<Finding>,
}

impl Examination {
    /// Begins with nothing looked at.
    pub fn of(rule: &'static Rule) -> Self {
        Self { rule, examined: 0, findings: Vec::new() }
    }

    /// Counts one more thing as looked at.
    pub fn look(&mut self) {
        self.examined += 1;
    }

    /// Records a breach; `cause` may be empty. Names that the file gave are made printable here, once for all rules.
    pub fn find(
        &mut self,
        place: Place,
        found: impl Into<String>,
        wanted: impl Into<String>,
        cause: impl Into<String>,
    ) {
        let finding = |place: Place, found: String, wanted: String, cause: String| Finding {
            rule: self.rule.id,
            title: self.rule.title,
            place: Place { section: printable(&place.section), symbol: printable(&place.symbol), ..place },
            found: printable(&found),
            wanted: printable(&wanted),
            cause: printable(&cause),
            excerpt: Vec::new(),
        };
        let found = match self.findings.len() {
            ..MOST_FINDINGS => finding(place, found.into(), wanted.into(), cause.into()),
            MOST_FINDINGS => {
                let found = format!("more than {MOST_FINDINGS} findings; the others are left out");
                finding(Place::default(), found, self.rule.requirement.into(), String::new())
            }
            _ => return,
        };
        self.findings.push(found);
    }

    /// Counts one thing, and records a breach at `place` unless `holds`; what holds is not put into words.
    pub fn expect(&mut self, holds: bool, place: Place, found: impl Display, wanted: impl Display) {
        self.look();
        if !holds {
            self.find(place, found.to_string(), wanted.to_string(), "");
        }
    }

    /// Ends the examination: sorts the findings, and makes "looked at nothing" one of them.
    #[must_use]
    pub fn close(mut self) -> Self {
        if self.examined == 0 {
            self.find(
                Place::default(),
                "nothing to look at",
                self.rule.requirement,
                "the rule has lost its subject: a section or symbol is missing or has another name",
            );
        }
        self.findings.sort();
        self
    }
}
