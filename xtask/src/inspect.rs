// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The commands that look at a file and change nothing: `check`, `verify`, `dump`, `diff`, `explain`.

use crate::cli::Verify;
use crate::rule_names::{chosen, named};
use anyhow::{anyhow, bail};
use kernel_lab::progress;
use std::fmt;
use std::path::Path;
use vdso_link::diff::Difference;
use vdso_link::verify::explained;
use vdso_link::{CheckedObject, Image, LinkedImage, Object, Report, Rule, VerifiedImage};

/// A file that broke at least one rule: the outcome of a check that could be made, not a failure to make it.
#[derive(Debug)]
pub struct BrokenRules(pub Report);

impl fmt::Display for BrokenRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.findings().count();
        let words = self.0.in_words(console::colors_enabled_stderr());
        write!(f, "{words}{}: {count} finding{}", self.0.subject, if count == 1 { "" } else { "s" })?;
        let (explained, others) = explained(&self.0);
        if others.is_empty() && !explained.is_empty() {
            write!(f, ", no other than a kernel's own image may have; docs/rules.md says why")?;
        }
        Ok(())
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
pub fn check_file(path: &Path, only: &[String]) -> anyhow::Result<Report> {
    let chosen = chosen(only)?;
    let report = vdso_link::check(Object::read(path)?)?.map_or_else(|report| report, CheckedObject::into_report);
    judged(report, &chosen)
}

/// Applies the image rules to an image that somebody else may have made, see [`cli::Verify`](crate::cli::Verify).
///
/// # Errors
/// As for [`verify`], and for [`check`] of the object: one that breaks a rule vouches for no image.
pub fn verify_image(options: &Verify) -> anyhow::Result<Report> {
    let chosen = chosen(&options.look.only)?;
    let debug = options.dbg.as_deref().map(Image::read).transpose()?;
    let mut image = LinkedImage::found_beside(options.image.image()?, debug.as_ref())?;
    // Without one a splice is held against what it restores.
    if let Some(path) = &options.original {
        image.original = Some(Image::read(path)?);
    }
    // Without one nobody knows what code it should hold.
    if let Some(path) = &options.object {
        image.object = Some(check(Object::read(path)?)?.object().clone());
    }
    let report = vdso_link::verify(image)?.map_or_else(|report| report, VerifiedImage::into_report);
    judged(report, &chosen)
}

/// What a report says by some of the rules.
fn judged(mut report: Report, chosen: &[&Rule]) -> anyhow::Result<Report> {
    report.examinations.retain(|examination| chosen.contains(&examination.rule));
    if report.examinations.is_empty() {
        bail!(
            "{}: none of these rules is about such a file; `check` has those for objects, `verify` those for images",
            report.subject
        );
    }
    if report.passed() { Ok(report) } else { Err(anyhow!(BrokenRules(report))) }
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
pub fn dump(image: &Image, json: bool) -> anyhow::Result<String> {
    let dump = vdso_link::dump(image)?;
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

/// What `explain` prints of a rule, or of each rule of a family.
///
/// # Errors
/// There is no such rule.
pub fn explain(name: &str) -> anyhow::Result<String> {
    let rules = named(name)?.into_iter().map(Rule::explanation);
    Ok(rules.collect::<Vec<_>>().join("\n"))
}
