// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The report as people and machines get it.

use serde_json::Value;
use std::collections::BTreeSet;
use vdso_fixtures::object::{GOOD, assemble, verdict};
use vdso_link::Report;
use vdso_link::report::{MEMBERS, SHOWN};

/// The report on an object with seven clock reads, two more than are shown.
fn report() -> Report {
    let bad = GOOD.replacen("\tmov\t%rcx, %rbx\n", &"\trdtsc\n".repeat(7), 1);
    assert_ne!(bad, GOOD);
    verdict(assemble(&bad)).expect("a readable object").expect_err("a rule finds something")
}

/// Every path in a JSON value with the type that stands there; what is by rule id is one member.
fn walk(value: &Value, path: &str, found: &mut BTreeSet<(String, &'static str)>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    found.insert((path.to_owned(), kind));
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk_members(item, &format!("{path}[]."), found)),
        Value::Object(_) if path != "examined" => walk_members(value, &format!("{path}."), found),
        _ => {}
    }
}

fn walk_members(value: &Value, prefix: &str, found: &mut BTreeSet<(String, &'static str)>) {
    for (name, member) in value.as_object().expect("arrays hold objects") {
        walk(member, &format!("{prefix}{name}"), found);
    }
}

#[test]
fn the_json_has_the_documented_members_and_no_other() {
    let mut found = BTreeSet::new();
    walk_members(&report().to_json(), "", &mut found);
    let documented: BTreeSet<_> = MEMBERS.iter().map(|(path, kind, _)| ((*path).to_owned(), *kind)).collect();
    assert_eq!(found, documented);
}

#[test]
fn of_many_findings_the_first_are_shown_and_the_rest_is_counted() {
    let report = report();
    let words = report.to_string();
    assert_eq!(words.matches("error[code/forbidden]: forbidden instruction\n").count(), SHOWN);
    assert_eq!(words.matches("found: `rdtsc` (0f 31)\n").count(), SHOWN);
    assert!(words.contains("error[code/forbidden]: … and 2 more findings of this rule; --json lists all\n"), "{words}");
    let json = report.to_json();
    let all = json["findings"].as_array().expect("a list").iter().filter(|it| it["rule"] == "code/forbidden");
    assert_eq!(all.count(), 7);
}

#[test]
fn colour_changes_nothing_but_colour() {
    let report = report();
    let coloured = report.in_words(true).to_string();
    assert!(coloured.contains("\x1b[1;31merror[code/forbidden]\x1b[0m"), "{coloured}");
    let mut parts = coloured.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    plain.extend(parts.map(|part| part.split_once('m').expect("a mark ends").1));
    assert_eq!(plain, report.to_string());
}
