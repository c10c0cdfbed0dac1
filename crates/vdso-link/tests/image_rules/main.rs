// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Each image rule has a bad image that breaks it, and no other rule except those that such an image cannot keep.
//!
//! A bad image is a test: `cargo test -p vdso-link --test image_rules -- image-exports` runs those of one rule family.
//! `BLESS=1` in the environment rewrites the expected messages in `messages/`.

mod cases;

use cases::Case;
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use vdso_link::{Report, verify};

/// The rule that nearly every change to a splice breaks: the recorded original no longer matches.
const UNDO: &str = "image-untouched/undo";

fn main() -> ExitCode {
    let bad_images = cases::all().into_iter();
    let bad_images = bad_images.map(|case| Trial::test(case.test_name(), move || verify_rejects(&case)));
    let about_cases = [
        Trial::test("each_rule_has_a_bad_image", each_rule_has_a_bad_image),
        Trial::test("each_bad_image_has_one_message", each_bad_image_has_one_message),
        Trial::test("explained_covers_no_finding_beside_our_object", explained_covers_no_finding_beside_our_object),
    ];
    libtest_mimic::run(&Arguments::from_args(), bad_images.chain(about_cases).collect()).exit_code()
}

/// Applies the image rules to a bad image: exactly the expected rules find something, and the message is the expected one.
fn verify_rejects(case: &Case) -> Result<(), Failed> {
    let Err(report) = verify(case.image())? else { return Err("no rule found anything".into()) };
    let found = found(&report);
    let expected: BTreeSet<_> = case.also.iter().copied().chain([case.rule]).collect();
    if found != expected {
        return Err(format!("findings of {found:?} instead of {expected:?}\n{report}").into());
    }
    compare_message(case, &report)
}

/// Returns the ids of the rules that found something; [`UNDO`] only if no other did.
fn found(report: &Report) -> BTreeSet<&str> {
    let mut rules: BTreeSet<_> = report.findings().map(|finding| finding.rule).collect();
    if rules.len() > 1 {
        rules.remove(UNDO);
    }
    rules
}

/// The directory of the expected messages.
fn messages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/image_rules/messages")
}

fn compare_message(case: &Case, report: &Report) -> Result<(), Failed> {
    let path = messages().join(case.file_stem()).with_extension("txt");
    let message = report.to_string();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &message)?;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if message != expected {
        return Err(format!("the message is\n{message}instead of\n{expected}").into());
    }
    Ok(())
}

fn each_rule_has_a_bad_image() -> Result<(), Failed> {
    let broken: BTreeSet<&str> = cases::all().iter().map(|case| case.rule).collect();
    let registered: Vec<&str> = verify::rules().map(|rule| rule.rule.id).collect();
    assert_eq!(registered.iter().copied().collect::<BTreeSet<_>>(), broken);
    assert_eq!(registered.len(), broken.len(), "an id is registered twice");
    Ok(())
}

fn each_bad_image_has_one_message() -> Result<(), Failed> {
    let names: BTreeSet<_> = cases::all().iter().map(|case| format!("{}.txt", case.file_stem())).collect();
    assert_eq!(names.len(), cases::all().len(), "two bad images have one name");
    let files = std::fs::read_dir(messages())?.map(|file| Ok(file?.file_name().to_string_lossy().into_owned()));
    assert_eq!(files.collect::<std::io::Result<BTreeSet<_>>>()?, names, "a message without its bad image");
    Ok(())
}

fn explained_covers_no_finding_beside_our_object() -> Result<(), Failed> {
    let reports = cases::all().into_iter().filter_map(|case| verify(case.image()).ok()?.err());
    let (explained, others): (Vec<_>, Vec<_>) = reports
        .map(|report| (report.to_string(), verify::explained(&report).0.len()))
        .partition(|(_, explained)| *explained > 0);
    assert!(explained.is_empty() && !others.is_empty(), "{explained:#?}");
    Ok(())
}
