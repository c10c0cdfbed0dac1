// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The verdicts: the protocol of the object shows no violation, and each control shows exactly its classes.

use vdso_model::bounds::SHORT;
use vdso_model::catalogue::{CONTROLS, Control, EQUIVALENT, LEFT_OPEN, WHAT_IF};
use vdso_model::counterexample::describe;
use vdso_model::protocol::Protocol;
use vdso_model::report::{processors, run};

#[test]
fn protocol_of_the_object_shows_no_violation_within_the_short_bounds() {
    for bounds in SHORT {
        let row = run(&Protocol::CURRENT, bounds, processors());
        println!("{row}");
        let counterexamples: Vec<String> =
            row.violations.iter().map(|(violation, (scenario, path))| describe(scenario, *violation, path)).collect();
        assert!(counterexamples.is_empty() && row.cut == 0, "{}:\n{}", bounds.name, counterexamples.join("\n"));
    }
}

fn assert_each_shows_its_classes(controls: &[Control]) {
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
    assert!(CONTROLS.iter().all(|control| !control.shows.is_empty()), "a control must show a violation");
    assert_each_shows_its_classes(CONTROLS);
}

#[test]
fn protocol_of_the_object_leaves_open_exactly_what_the_contract_says() {
    assert_each_shows_its_classes(LEFT_OPEN);
}

#[test]
fn equivalent_changes_show_no_violation() {
    for (rules, bounds, why) in EQUIVALENT {
        let row = run(rules, bounds, processors());
        assert!(row.classes().is_empty() && row.cut == 0, "{row}\nshould be equivalent: {why}");
    }
}

#[test]
fn situations_at_the_edge_of_the_contract_show_their_documented_classes() {
    let controls: Vec<Control> = WHAT_IF.iter().map(|(control, _)| *control).collect();
    assert_each_shows_its_classes(&controls);
}
