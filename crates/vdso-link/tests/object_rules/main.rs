// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The object rules bite: each has a bad input that makes it, and only it, speak.
//!
//! `BLESS=1` in the environment rewrites the expected messages in `messages/`.

mod bad_bytes;
mod bad_source;
mod cases;
mod causes;
mod fixture;
mod malformed;
mod report;

use cases::{Case, Edit};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use vdso_link::check::rules;

#[test]
fn the_good_object_keeps_every_rule() {
    let verdict = fixture::judge(fixture::assemble(fixture::GOOD)).expect("the object can be looked at");
    let checked = verdict.unwrap_or_else(|report| panic!("{report}"));
    let examined = checked.report().examined();
    assert_eq!(examined.len(), rules().count());
    assert!(examined.values().all(|count| *count > 0), "{examined:#?}");
}

#[test]
fn each_bad_object_makes_its_rule_speak() {
    let good = fixture::assemble(fixture::GOOD);
    let mut failures = Vec::new();
    for case in cases::all() {
        let bytes = match case.edit {
            Edit::Source(edits) => fixture::assemble(&cases::edited(&case, edits)),
            Edit::Bytes(change) => {
                let mut bytes = good.clone();
                change(&mut bytes);
                bytes
            }
        };
        match fixture::judge(bytes) {
            Ok(Ok(_)) => failures.push(format!("{}: nothing was found", case.name)),
            Ok(Err(report)) => failures.extend(disagreement(&case, &report)),
            Err(error) => failures.push(format!("{}: {error}", case.name)),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The folder of the expected messages.
fn messages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/object_rules/messages")
}

/// What differs between a report and what the case expects.
fn disagreement(case: &Case, report: &vdso_link::Report) -> Option<String> {
    let spoke: BTreeSet<_> = report.findings().map(|finding| finding.rule).collect();
    let expected: BTreeSet<_> = case.also.iter().copied().chain([case.rule]).collect();
    if spoke != expected {
        return Some(format!("{}: {spoke:?} spoke instead of {expected:?}\n{report}", case.name));
    }
    let path = messages().join(case.name).with_extension("txt");
    let message = report.to_string();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &message).expect("the folder of messages is writable");
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    (message != wanted).then(|| format!("{}: the message is\n{message}instead of\n{wanted}", case.name))
}

#[test]
fn rules_have_proof() {
    let proofs = cases::all().fold(BTreeMap::new(), |mut proofs: BTreeMap<_, usize>, case| {
        *proofs.entry(case.rule).or_default() += 1;
        proofs
    });
    for rule in rules() {
        assert!(proofs.contains_key(rule.rule.id), "no bad input for {}", rule.rule.id);
    }
    let names: BTreeSet<_> = cases::all().map(|case| format!("{}.txt", case.name)).collect();
    assert_eq!(names.len(), cases::all().count(), "two cases have one name");
    let files = std::fs::read_dir(messages()).expect("the messages are there").map(|file| {
        let name = file.expect("the folder can be read").file_name();
        name.into_string().expect("names of cases are ASCII")
    });
    assert_eq!(files.collect::<BTreeSet<_>>(), names, "a message without its case");
}

#[test]
fn rules_explain_themselves() {
    let mut ids = BTreeSet::new();
    for rule in rules().map(|rule| &rule.rule) {
        assert!(ids.insert(rule.id), "{} is there twice", rule.id);
        assert!(rule.id.split_once('/').is_some_and(|(family, name)| !family.is_empty() && !name.is_empty()));
        assert!(!rule.demand.is_empty() && !rule.demand.ends_with('.'), "{}", rule.id);
        assert!(rule.why.ends_with('.') && rule.breaks.ends_with('.'), "{}", rule.id);
    }
}
