// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A report in the shape of a compiler's errors.

use super::{Report, SHOWN};
use crate::rule::Finding;
use std::fmt::{self, Display, Formatter};

/// A report in words, in colour or without.
#[derive(Debug)]
pub struct Words<'a> {
    report: &'a Report,
    colour: bool,
    explain: &'static str,
}

/// The command that explains a rule, unless the program that prints the report has its own.
const EXPLAIN: &str = "cargo xtask explain";

/// The style of a piece of text on a terminal (ECMA-48, select graphic rendition).
#[derive(Clone, Copy)]
enum Style {
    /// Bold and red: the name of what is wrong.
    Error,
    /// Bold: what was found.
    Strong,
    /// Bold and blue: the frame around what the file holds.
    Frame,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Error => "1;31",
            Self::Strong => "1",
            Self::Frame => "1;34",
        }
    }
}

impl Report {
    /// The report in words. Colour is for terminals only; whether there is one, the caller knows.
    pub fn in_words(&self, colour: bool) -> Words<'_> {
        Words { report: self, colour, explain: EXPLAIN }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.in_words(false).fmt(f)
    }
}

impl Display for Words<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for examination in &self.report.examinations {
            for (index, finding) in examination.findings.iter().take(SHOWN).enumerate() {
                self.paragraph(f, finding)?;
                // Once a rule: it is the same for all its findings.
                if index == 0 {
                    writeln!(f, "   {} breaks: {}", self.styled(Style::Frame, "="), examination.rule.breaks)?;
                }
                writeln!(f, "   {} see: {} {}\n", self.styled(Style::Frame, "="), self.explain, finding.rule)?;
            }
            let more = examination.findings.len().saturating_sub(SHOWN);
            if more > 0 {
                let head = self.styled(Style::Error, format!("error[{}]", examination.rule.id));
                let rest = if more == 1 {
                    "1 more finding of this rule".into()
                } else {
                    format!("{more} more findings of this rule")
                };
                writeln!(f, "{head}: … and {rest}; --json lists all\n")?;
            }
        }
        Ok(())
    }
}

impl Words<'_> {
    /// The report with another command that explains a rule: `command`, a space, and the id of the rule.
    #[must_use]
    pub fn explained_by(self, command: &'static str) -> Self {
        Self { explain: command, ..self }
    }

    /// One finding: title, place, excerpt, found, wanted and cause.
    fn paragraph(&self, f: &mut Formatter<'_>, finding: &Finding) -> fmt::Result {
        let Finding { rule, title, place, found, wanted, cause, excerpt } = finding;
        let frame = |text| self.styled(Style::Frame, text);
        let head = self.styled(Style::Error, format!("error[{rule}]"));
        writeln!(f, "{head}{}", self.styled(Style::Strong, format!(": {title}")))?;
        write!(f, "  {} {}", frame("-->"), self.report.subject)?;
        if !place.section.is_empty() {
            write!(f, ": {}+{:#x}", place.section, place.offset)?;
        }
        if !place.symbol.is_empty() {
            write!(f, " in {}", place.symbol)?;
        }
        writeln!(f)?;
        let widest = excerpt.iter().map(|line| line.bytes.len()).max().unwrap_or(0);
        for line in excerpt {
            let bar = frame(if line.here { ">" } else { "|" });
            let text = format!("{:#x}: {:widest$}  {}", line.offset, line.bytes, line.text);
            writeln!(f, "   {bar} {}", text.trim_end())?;
        }
        writeln!(f, "   {} found: {found}", frame("="))?;
        writeln!(f, "   {} wanted: {wanted}", frame("="))?;
        if !cause.is_empty() {
            writeln!(f, "   {} cause: {cause}", frame("="))?;
        }
        Ok(())
    }

    /// A text between the marks of a style, where there is colour.
    fn styled(&self, style: Style, text: impl Display) -> String {
        if self.colour { format!("\x1b[{}m{text}\x1b[0m", style.code()) } else { text.to_string() }
    }
}
