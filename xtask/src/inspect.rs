// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The commands that read files and change nothing: `check`, `verify`, `dump`, `diff`, `explain`.

use crate::image_source::ImageSource;
use crate::rule_names::{chosen, named};
use anyhow::{anyhow, bail};
use clap::Args;
use kernel_lab::progress;
use std::fmt;
use std::path::{Path, PathBuf};
use vdso_link::diff::Difference;
use vdso_link::verify::explained;
use vdso_link::{CheckedObject, Image, LinkedImage, Object, Report, Rule, VerifiedImage};

/// Options of `cargo xtask check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Object to check
    pub file: PathBuf,
    /// The rules and the form of the report.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// Options of the commands that apply rules.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Print JSON to standard output
    #[arg(long)]
    pub json: bool,
    /// Report only these rules or families, as in sections,relocations/kind
    ///
    /// For files of other projects: some rules require names that only this project's object has.
    #[arg(long = "rules", value_name = "RULES")]
    pub only: Vec<String>,
}

/// Options of `cargo xtask verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The image.
    #[command(flatten)]
    pub image: ImageSource,
    /// The rules and the form of the report.
    #[command(flatten)]
    pub report: ReportArgs,
    /// Check that the splice kept this original image, and accept its findings
    #[arg(long, value_name = "FILE")]
    pub original: Option<PathBuf>,
    /// Read the kernel's data layout from this unstripped file of the same build
    ///
    /// Required for kernels whose layout is not known.
    #[arg(long, value_name = "FILE")]
    pub dbg: Option<PathBuf>,
    /// Check that the image's code is that of this object
    #[arg(long, value_name = "FILE")]
    pub object: Option<PathBuf>,
}

/// Options of `cargo xtask dump`.
#[derive(Debug, Args)]
pub struct DumpArgs {
    /// The image.
    #[command(flatten)]
    pub image: ImageSource,
    /// Print JSON to standard output
    #[arg(long)]
    pub json: bool,
}

/// Options of `cargo xtask diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// First image
    pub old: PathBuf,
    /// Image to compare with the first
    pub new: PathBuf,
    /// Print JSON to standard output
    #[arg(long)]
    pub json: bool,
}

/// Options of `cargo xtask explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Rule id as printed in findings, or a family (the part before the slash)
    pub rule: String,
}

/// A file that broke at least one rule: the outcome of a completed check, unlike a file that cannot be read.
#[derive(Debug)]
pub struct BrokenRules(pub Report);

impl fmt::Display for BrokenRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.findings().count();
        let words = self.0.in_words(console::colors_enabled_stderr());
        write!(f, "{words}{}: {count} finding{}", self.0.subject, if count == 1 { "" } else { "s" })?;
        let (explained, others) = explained(&self.0);
        if others.is_empty() && !explained.is_empty() {
            write!(f, ", all of which a kernel's unmodified image may have; docs/rules.md gives the reasons")?;
        }
        Ok(())
    }
}

impl std::error::Error for BrokenRules {}

/// Applies the object rules.
///
/// # Errors
/// [`BrokenRules`], or the object cannot be read.
pub fn check(object: Object) -> anyhow::Result<CheckedObject> {
    vdso_link::check(object)?.map_err(|report| anyhow!(BrokenRules(report)))
}

/// Applies the image rules.
///
/// # Errors
/// [`BrokenRules`], or the image cannot be read.
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
    selected(report, &chosen)
}

/// Applies the image rules to an image from any source, by the options of `verify`.
///
/// # Errors
/// As for [`verify`], and for [`check`] of the object: one that breaks a rule vouches for no image.
pub fn verify_image(options: &VerifyArgs) -> anyhow::Result<Report> {
    let chosen = chosen(&options.report.only)?;
    let debug = options.dbg.as_deref().map(Image::read).transpose()?;
    let mut image = LinkedImage::found_beside(options.image.image()?, debug.as_ref())?;
    // Without an original, a splice is compared with the image that its undo record restores.
    if let Some(path) = &options.original {
        image.original = Some(Image::read(path)?);
    }
    // Without an object, the expected code is not known.
    if let Some(path) = &options.object {
        image.object = Some(check(Object::read(path)?)?.object().clone());
    }
    let report = vdso_link::verify(image)?.map_or_else(|report| report, VerifiedImage::into_report);
    selected(report, &chosen)
}

/// Reduces a report to the chosen rules; a finding of theirs is an error.
fn selected(mut report: Report, chosen: &[&Rule]) -> anyhow::Result<Report> {
    report.examinations.retain(|examination| chosen.contains(&examination.rule));
    if report.examinations.is_empty() {
        bail!(
            "{}: none of these rules applies to such a file; use `check` for objects, `verify` for images",
            report.subject
        );
    }
    if report.passed() { Ok(report) } else { Err(anyhow!(BrokenRules(report))) }
}

/// Prints a report that passed, or any report as JSON. Findings in words are printed like all errors.
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
        progress::line("Passed", format_args!("{}: {}", report.subject, examined(report)));
    }
    outcome.map(drop)
}

/// Returns the numbers of rules and items of a report without findings.
pub fn examined(report: &Report) -> String {
    let things: usize = report.examined().values().sum();
    format!("{} rules examined {things} items, no finding", report.examinations.len())
}

/// Returns the output of `dump` for an image.
///
/// # Errors
/// It cannot be read.
pub fn dump(image: &Image, json: bool) -> anyhow::Result<String> {
    let dump = vdso_link::dump(image)?;
    Ok(if json { serde_json::to_string_pretty(&dump)? + "\n" } else { dump.to_string() })
}

/// Returns the differences between two images.
///
/// # Errors
/// One of them cannot be read.
pub fn diff(old: &Path, new: &Path) -> anyhow::Result<Vec<Difference>> {
    Ok(vdso_link::diff(&Image::read(old)?, &Image::read(new)?)?)
}

/// Formats differences: one a line, or JSON.
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

/// Returns the output of `explain` for a rule, or for each rule of a family.
///
/// # Errors
/// There is no such rule.
pub fn explain(name: &str) -> anyhow::Result<String> {
    let rules = named(name)?.into_iter().map(Rule::explanation);
    Ok(rules.collect::<Vec<_>>().join("\n"))
}
