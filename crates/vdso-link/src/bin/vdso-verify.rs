// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `vdso-verify [--quiet] FILE…`: applies the image rules to vDSO images, for build systems. It needs nothing but itself.
//!
//! Findings go to standard error in the shape of a compiler's errors. Exit codes: 0 none, 1 findings, 2 a file could not be
//! looked at.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;
use vdso_link::{Error, Image, LinkedImage, Report, verify};

const USAGE: &str = "usage: vdso-verify [--quiet] FILE...\n\nApplies the image rules to vDSO images.\n\n  --quiet  say \
                     nothing about a file without findings";

fn main() -> ExitCode {
    let (mut quiet, mut files) = (false, Vec::new());
    for argument in std::env::args_os().skip(1) {
        match argument.to_str() {
            Some("--quiet") => quiet = true,
            Some("--help") => {
                return ExitCode::from(tell(USAGE));
            }
            Some(option) if option.starts_with('-') => return usage(&format!("unknown option {option}")),
            _ => files.push(argument),
        }
    }
    if files.is_empty() {
        return usage("no file");
    }
    let codes = files.iter().map(|file| judge(Path::new(file), quiet));
    ExitCode::from(codes.max().unwrap_or(2))
}

/// What the exit code says about one file.
fn judge(file: &Path, quiet: bool) -> u8 {
    match report(file) {
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
            complain(&format!("{report}{}: {count} finding{}", report.subject, if count == 1 { "" } else { "s" }));
            1
        }
        Err(error) => {
            complain(&format!("error: {error}"));
            2
        }
    }
}

/// Prints a line to standard output, and says what that means for the exit code. A reader that closed the pipe has seen
/// enough.
fn tell(text: &str) -> u8 {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(&format!("error: standard output: {error}"));
            2
        }
        _ => 0,
    }
}

/// Prints a line to standard error. Where that cannot be written nobody can be told, and the exit code says it all.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn report(file: &Path) -> Result<Report, Error> {
    let verified = verify(LinkedImage::found(Image::read(file)?)?)?;
    Ok(verified.map_or_else(|report| report, vdso_link::VerifiedImage::into_report))
}

fn usage(mistake: &str) -> ExitCode {
    complain(&format!("error: {mistake}\n{USAGE}"));
    ExitCode::from(2)
}
