// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Each object rule has a bad input that breaks it and no other rule.
//!
//! A bad input is a test: `cargo test -p vdso-link --test object_rules -- secrets` runs those of one rule family.
//! `BLESS=1` in the environment rewrites the expected messages in `messages/`.

mod bad_bytes;
mod bad_source;
mod cases;

use cases::Case;
use libtest_mimic::{Arguments, Failed, Trial};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use vdso_fixtures::object::verdict;
use vdso_link::Report;
use vdso_link::check::rules;

fn main() -> ExitCode {
    let bad_inputs = cases::all().map(|case| Trial::test(case.test_name(), move || check_rejects(&case)));
    let about_cases = [
        Trial::test("each_rule_has_a_bad_input", each_rule_has_a_bad_input),
        Trial::test("each_bad_input_has_one_message", each_bad_input_has_one_message),
    ];
    libtest_mimic::run(&Arguments::from_args(), bad_inputs.chain(about_cases).collect()).exit_code()
}

/// Applies the object rules to a bad input: exactly the expected rules find something, and the message is the expected one.
fn check_rejects(case: &Case) -> Result<(), Failed> {
    let Err(report) = verdict(case.bytes())? else { return Err("no rule found anything".into()) };
    let found: BTreeSet<_> = report.findings().map(|finding| finding.rule).collect();
    let expected: BTreeSet<_> = case.also.iter().copied().chain([case.rule]).collect();
    if found != expected {
        return Err(format!("findings of {found:?} instead of {expected:?}\n{report}").into());
    }
    compare_message(case, &report)
}

/// The directory of the expected messages.
fn messages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/object_rules/messages")
}

fn compare_message(case: &Case, report: &Report) -> Result<(), Failed> {
    let path = messages().join(case.name).with_extension("txt");
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

fn each_rule_has_a_bad_input() -> Result<(), Failed> {
    let broken: BTreeSet<_> = cases::all().map(|case| case.rule).collect();
    for rule in rules() {
        assert!(broken.contains(rule.rule.id), "no bad input for {}", rule.rule.id);
    }
    Ok(())
}

fn each_bad_input_has_one_message() -> Result<(), Failed> {
    let names: BTreeSet<_> = cases::all().map(|case| format!("{}.txt", case.name)).collect();
    assert_eq!(names.len(), cases::all().count(), "two bad inputs have one name");
    let files = std::fs::read_dir(messages())?.map(|file| Ok(file?.file_name().to_string_lossy().into_owned()));
    assert_eq!(files.collect::<std::io::Result<BTreeSet<_>>>()?, names, "a message without its bad input");
    Ok(())
}
