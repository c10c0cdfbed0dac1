// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The commands that look at a file and change nothing: `check`, `verify`, `dump`, `diff`, `explain`.

use crate::progress;
use anyhow::{anyhow, bail};
use std::fmt;
use std::path::Path;
use vdso_link::diff::Difference;
use vdso_link::{CheckedObject, Image, LinkedImage, Object, Report, Rule, VerifiedImage};

/// A file that broke at least one rule: the outcome of a check that could be made, not a failure to make it.
#[derive(Debug)]
pub struct BrokenRules(pub Report);

impl fmt::Display for BrokenRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.findings().count();
        let words = self.0.in_words(console::colors_enabled_stderr());
        write!(f, "{words}{}: {count} finding{}", self.0.subject, if count == 1 { "" } else { "s" })
    }
}

impl std::error::Error for BrokenRules {}

/// Applies the object rules.
///
/// # Errors
/// [`BrokenRules`], or the object could not be looked at.
pub fn check(object: Object) -> anyhow::Result<CheckedObject> {
    vdso_link::check(object)?.map_err(|report| anyhow!(BrokenRules(report)))
}

/// Applies the image rules.
///
/// # Errors
/// [`BrokenRules`], or the image could not be looked at.
pub fn verify(linked: LinkedImage) -> anyhow::Result<VerifiedImage> {
    vdso_link::verify(linked)?.map_err(|report| anyhow!(BrokenRules(report)))
}

/// Applies the object rules to a file.
///
/// # Errors
/// As for [`check`].
pub fn check_file(path: &Path) -> anyhow::Result<Report> {
    Ok(check(Object::read(path)?)?.into_report())
}

/// Applies the image rules to a file that somebody else may have made; `original` is the image that it was spliced from.
///
/// # Errors
/// As for [`verify`].
pub fn verify_file(path: &Path, original: Option<&Path>) -> anyhow::Result<Report> {
    let mut image = LinkedImage::found(Image::read(path)?)?;
    // Without one a splice is held against what it restores.
    if let Some(path) = original {
        image.original = Some(Image::read(path)?);
    }
    Ok(verify(image)?.into_report())
}

/// Prints a report that passed, or as JSON either kind; findings in words go the way of all errors.
///
/// # Errors
/// Those of the outcome.
pub fn show(json: bool, outcome: anyhow::Result<Report>) -> anyhow::Result<()> {
    if json {
        let report = match &outcome {
            Ok(report) => Some(report),
            Err(error) => error.downcast_ref::<BrokenRules>().map(|broken| &broken.0),
        };
        if let Some(report) = report {
            progress::result(&format!("{:#}\n", report.to_json()))?;
        }
    } else if let Ok(report) = &outcome {
        let lines = report.examined().into_iter().map(|(rule, count)| format!("{count:>8} {rule}\n"));
        progress::result(&lines.collect::<String>())?;
        progress::line("Passed", format_args!("{}: {}", report.subject, looked_at(report)));
    }
    outcome.map(drop)
}

/// How much a report without findings rests on.
pub fn looked_at(report: &Report) -> String {
    let things: usize = report.examined().values().sum();
    format!("{} rules looked at {things} things, no finding", report.examinations.len())
}

/// What `dump` prints of an image.
///
/// # Errors
/// It could not be looked at.
pub fn dump(path: &Path, json: bool) -> anyhow::Result<String> {
    let dump = vdso_link::dump(&Image::read(path)?)?;
    Ok(if json { serde_json::to_string_pretty(&dump)? + "\n" } else { dump.to_string() })
}

/// What two images differ in.
///
/// # Errors
/// One of them could not be looked at.
pub fn diff(old: &Path, new: &Path) -> anyhow::Result<Vec<Difference>> {
    Ok(vdso_link::diff(&Image::read(old)?, &Image::read(new)?)?)
}

/// Differences one a line, or as JSON.
///
/// # Errors
/// None: strings always serialize.
pub fn listed(differences: &[Difference], json: bool) -> anyhow::Result<String> {
    Ok(if json {
        serde_json::to_string_pretty(differences)? + "\n"
    } else {
        differences.iter().map(|difference| format!("{difference}\n")).collect()
    })
}

/// What `explain` prints of a rule.
///
/// # Errors
/// There is no such rule.
pub fn explain(id: &str) -> anyhow::Result<String> {
    let rules: Vec<&Rule> = rules().collect();
    let Some(rule) = rules.iter().find(|rule| rule.id == id) else {
        let ids: Vec<&str> = rules.iter().map(|rule| rule.id).collect();
        bail!("{id}: no such rule; there are:\n  {}", ids.join("\n  "));
    };
    Ok(format!("{}\n\nDemand: {}.\n\nWhy: {}\n\nWho breaks: {}\n", rule.id, rule.demand, rule.why, rule.breaks))
}

/// Every rule, for objects and for images.
fn rules() -> impl Iterator<Item = &'static Rule> {
    let object = vdso_link::check::rules().map(|rule| &rule.rule);
    object.chain(vdso_link::verify::rules().map(|rule| &rule.rule))
}
