// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `vdso-verify [--quiet] [--dbg FILE] FILE…`: applies the image rules to vDSO images, for build systems. It needs nothing but
//! itself.
//!
//! Findings go to standard error in the shape of a compiler's errors. Exit codes: 0 none, 1 findings, 2 a file could not be
//! looked at.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use vdso_link::{Error, Image, LinkedImage, Report, verify};

const USAGE: &str = "usage: vdso-verify [--quiet] [--dbg FILE] FILE...\n       vdso-verify --explain RULE\n\nApplies the \
                     image rules to vDSO images.\n\n  --quiet         print nothing about a file without findings\n  --dbg \
                     FILE      unstripped file of the same build, whose symbols tell the layout of an unknown kernel\n  \
                     --explain RULE  print why a rule exists and who breaks without it\n  --version       print the version";

/// The command that explains a rule, as findings print it.
const EXPLAIN: &str = "vdso-verify --explain";

/// The request that the arguments make.
enum Request {
    Print(String),
    Verify { quiet: bool, debug: Option<PathBuf>, files: Vec<PathBuf> },
}

fn main() -> ExitCode {
    match request(std::env::args_os().skip(1).map(PathBuf::from)) {
        Ok(Request::Print(text)) => ExitCode::from(tell(&text)),
        Ok(Request::Verify { quiet, debug, files }) => {
            let codes = files.iter().map(|file| verify_file(file, debug.as_deref(), quiet));
            ExitCode::from(codes.max().unwrap_or(2))
        }
        Err(mistake) => {
            complain(&format!("error: {mistake}\n{USAGE}"));
            ExitCode::from(2)
        }
    }
}

/// Reads the arguments.
fn request(mut arguments: impl Iterator<Item = PathBuf>) -> Result<Request, String> {
    let (mut quiet, mut debug, mut files) = (false, None, Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--quiet") => quiet = true,
            Some("--help") => return Ok(Request::Print(USAGE.into())),
            Some("--version") => return Ok(Request::Print(concat!("vdso-verify ", env!("CARGO_PKG_VERSION")).into())),
            Some("--dbg") => debug = Some(arguments.next().ok_or("--dbg: no file")?),
            Some("--explain") => {
                let rule = arguments.next().ok_or("--explain: no rule")?;
                return explain(&rule.to_string_lossy()).map(Request::Print);
            }
            Some(option) if option.starts_with('-') => return Err(format!("unknown option {option}")),
            _ => files.push(argument),
        }
    }
    if files.is_empty() { Err("no file".into()) } else { Ok(Request::Verify { quiet, debug, files }) }
}

/// The text about an image rule.
fn explain(id: &str) -> Result<String, String> {
    let rule = verify::rules().map(|rule| &rule.rule).find(|rule| rule.id == id);
    let rule = rule.ok_or_else(|| format!("{id}: no such image rule; findings print the id of each rule"))?;
    Ok(rule.explanation().trim_end().to_owned())
}

/// Prints the outcome for one file and returns its exit code.
fn verify_file(file: &Path, debug: Option<&Path>, quiet: bool) -> u8 {
    match report(file, debug) {
        Ok(report) if report.passed() => {
            if quiet {
                return 0;
            }
            let things: usize = report.examined().values().sum();
            let (subject, rules) = (&report.subject, report.examinations.len());
            tell(&format!("{subject}: {rules} rules looked at {things} things, no finding"))
        }
        Ok(report) => {
            let count = report.findings().count();
            let words = report.in_words(false).explained_by(EXPLAIN);
            complain(&format!("{words}{}: {count} finding{}", report.subject, if count == 1 { "" } else { "s" }));
            1
        }
        Err(error) => {
            complain(&format!("error: {error}"));
            2
        }
    }
}

/// Prints a line to standard output, and returns the exit code. A reader that closed the pipe needs no more lines.
fn tell(text: &str) -> u8 {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(&format!("error: standard output: {error}"));
            2
        }
        _ => 0,
    }
}

/// Prints a line to standard error. If that fails, the exit code is the only answer.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn report(file: &Path, debug: Option<&Path>) -> Result<Report, Error> {
    let debug = debug.map(Image::read).transpose()?;
    let verified = verify(LinkedImage::found_beside(Image::read(file)?, debug.as_ref())?)?;
    Ok(verified.map_or_else(|report| report, vdso_link::VerifiedImage::into_report))
}
