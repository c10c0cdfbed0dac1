// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The object rules applied to the good object and to malformed files, and the report that they give.

mod causes;
mod malformed;
mod report;

use std::collections::BTreeSet;
use vdso_fixtures::object::good;
use vdso_link::check::rules;

#[test]
fn good_object_keeps_every_rule() {
    let examined = good().report().examined();
    assert_eq!(examined.len(), rules().count());
    assert!(examined.values().all(|count| *count > 0), "{examined:#?}");
}

#[test]
fn object_rules_have_one_id_and_a_reason_each() {
    let mut ids = BTreeSet::new();
    for rule in rules().map(|rule| &rule.rule) {
        assert!(ids.insert(rule.id), "{} is there twice", rule.id);
        assert!(rule.id.split_once('/').is_some_and(|(family, name)| !family.is_empty() && !name.is_empty()));
        assert!(!rule.requirement.is_empty() && !rule.requirement.ends_with('.'), "{}", rule.id);
        assert!(rule.reason.ends_with('.') && rule.breaks.ends_with('.'), "{}", rule.id);
    }
}
