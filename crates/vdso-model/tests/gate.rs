// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The verdicts: what the protocol of the object shows, and what each control shows.

use vdso_model::bounds::SHORT;
use vdso_model::catalogue::{CONTROLS, Control, EQUIVALENT, LEFT_OPEN, WHAT_IF};
use vdso_model::protocol::Protocol;
use vdso_model::report::{processors, run};
use vdso_model::story::story;

#[test]
fn protocol_of_the_object_shows_nothing_within_the_short_bounds() {
    for bounds in SHORT {
        let row = run(&Protocol::CURRENT, bounds, processors());
        println!("{row}");
        let stories: Vec<String> =
            row.violations.iter().map(|(violation, (scenario, way))| story(scenario, *violation, way)).collect();
        assert!(stories.is_empty() && row.cut == 0, "{}:\n{}", bounds.name, stories.join("\n"));
    }
}

fn every_one_shows_its_classes(controls: &[Control]) {
    let mut wrong = Vec::new();
    for control in controls {
        let row = run(&control.rules, control.bounds, processors());
        println!("{row}");
        if row.classes() != control.shows || row.cut > 0 {
            wrong.push(format!("{row}\n  expected: {:?}", control.shows));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_control_shows_exactly_its_classes() {
    assert!(CONTROLS.iter().all(|control| !control.shows.is_empty()), "a control that shows nothing is none");
    every_one_shows_its_classes(CONTROLS);
}

#[test]
fn protocol_of_the_object_leaves_open_exactly_what_the_contract_says() {
    every_one_shows_its_classes(LEFT_OPEN);
}

#[test]
fn equivalent_changes_show_nothing() {
    for (rules, bounds, why) in EQUIVALENT {
        let row = run(rules, bounds, processors());
        assert!(row.classes().is_empty() && row.cut == 0, "{row}\nshould be equivalent: {why}");
    }
}

#[test]
fn situations_at_the_edge_of_the_contract_show_what_the_documents_say() {
    let controls: Vec<Control> = WHAT_IF.iter().map(|(control, _)| *control).collect();
    every_one_shows_its_classes(&controls);
}
