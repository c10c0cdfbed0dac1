// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The image rules bite: each has a bad image that makes it speak, and no rule but those that cannot be silent then.
//!
//! `BLESS=1` in the environment rewrites the expected messages in `messages/`.

mod agreement;
mod cases;
mod edit;
mod every_byte;
#[path = "../link/fixture.rs"]
mod fixture;
mod good;
mod malformed;

use cases::Case;
use good::{Good, Kind};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use vdso_link::{Report, verify};

/// The rule that speaks of nearly every change to a splice, since what the splice kept is what it restores.
const UNDO: &str = "image-untouched/undo";

/// The ids of the rules that found something, [`UNDO`] only where no other did.
fn speaking(report: &Report) -> BTreeSet<&str> {
    let mut rules: BTreeSet<_> = report.findings().map(|finding| finding.rule).collect();
    if rules.len() > 1 {
        rules.remove(UNDO);
    }
    rules
}

#[test]
fn good_images_keep_every_rule() {
    let good = Good::make();
    let mut applied = BTreeSet::new();
    for kind in Kind::ALL {
        let verified = verify(good.linked(kind)).unwrap().unwrap_or_else(|report| panic!("{kind:?}\n{report}"));
        let examined = verified.report().examined();
        assert!(examined.values().all(|&count| count > 0), "{kind:?}: {examined:#?}");
        applied.extend(examined.into_keys());
    }
    let all: BTreeSet<_> = verify::rules().map(|rule| rule.rule.id).collect();
    assert_eq!(applied, all, "each rule applies to one of the good images at least");
}

#[test]
fn each_bad_image_makes_its_rule_speak_and_no_other() {
    let good = Good::make();
    let mut failures = Vec::new();
    for Case { name, rule, also, kind, change } in cases::all() {
        let expected: BTreeSet<&str> = also.iter().copied().chain([rule]).collect();
        match verify(change.apply(&good, kind)) {
            Ok(Ok(_)) => failures.push(format!("{name}: nothing was found")),
            Ok(Err(report)) if speaking(&report) == expected => failures.extend(disagreement(name, &report)),
            Ok(Err(report)) => failures.push(format!("{name}: not {expected:?} but\n{report}")),
            Err(error) => failures.push(format!("{name}: {error}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The folder of the expected messages.
fn messages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/image_rules/messages")
}

/// The name of the file with a case's message.
fn file_name(case: &str) -> String {
    let words: Vec<_> = case.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    format!("{}.txt", words.join("-"))
}

/// How the message of a case differs from the expected one.
fn disagreement(case: &str, report: &Report) -> Option<String> {
    let (path, message) = (messages().join(file_name(case)), report.to_string());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &message).expect("the folder of messages is writable");
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    (message != wanted).then(|| format!("{case}: the message is\n{message}instead of\n{wanted}"))
}

#[test]
fn nothing_is_explained_of_an_image_that_has_our_function() {
    let good = Good::make();
    let bad =
        cases::all().into_iter().filter_map(|Case { kind, change, .. }| verify(change.apply(&good, kind)).ok()?.err());
    let (explained, others): (Vec<_>, Vec<_>) = bad
        .map(|report| (report.to_string(), verify::explained(&report).0.len()))
        .partition(|(_, explained)| *explained > 0);
    assert!(explained.is_empty() && !others.is_empty(), "{explained:#?}");
}

#[test]
fn rules_have_proof() {
    let proved: BTreeSet<&str> = cases::all().iter().map(|case| case.rule).collect();
    let registered: Vec<&str> = verify::rules().map(|rule| rule.rule.id).collect();
    assert_eq!(registered.iter().copied().collect::<BTreeSet<_>>(), proved);
    assert_eq!(registered.len(), proved.len(), "an id is registered twice");
    let names: BTreeSet<_> = cases::all().iter().map(|case| file_name(case.name)).collect();
    assert_eq!(names.len(), cases::all().len(), "two cases have one name");
    let files = std::fs::read_dir(messages()).expect("the messages are there").map(|file| {
        let name = file.expect("the folder can be read").file_name();
        name.into_string().expect("names of cases are ASCII")
    });
    assert_eq!(files.collect::<BTreeSet<_>>(), names, "a message without its case");
}

#[test]
fn ids_are_those_of_images_and_every_rule_says_why() {
    for rule in verify::rules().map(|rule| &rule.rule) {
        assert!(rule.id.starts_with("image-") && rule.id.matches('/').count() == 1, "{}", rule.id);
        assert!(!rule.demand.ends_with('.') && rule.why.ends_with('.') && rule.breaks.ends_with('.'), "{}", rule.id);
    }
}

/// The Go runtime carries hash values of names instead of names, so they are fixed for all time
/// (`runtime/vdso_linux_amd64.go`).
#[test]
fn hash_values_are_those_that_go_was_built_with() {
    assert_eq!(object::elf::hash(b"LINUX_2.6"), 0x03ae_75f6);
    assert_eq!(object::elf::hash(b"__vdso_getrandom"), 0x0025_425d);
    assert_eq!(object::elf::gnu_hash(b"__vdso_getrandom"), 0x84a5_59bf);
}
