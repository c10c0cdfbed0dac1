// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask model`: the protocol in every order of events.

use crate::progress::{line, print};
use anyhow::bail;
use std::collections::BTreeSet;
use vdso_model::bounds::{LONG, SHORT};
use vdso_model::catalogue::{CONTROLS, Control, EQUIVALENT, LEFT_OPEN, WHAT_IF};
use vdso_model::protocol::Protocol;
use vdso_model::report::{Row, processors, run};
use vdso_model::story::story;

/// Options of `model`.
#[derive(Clone, Debug, clap::Args)]
pub struct ModelArgs {
    /// Explore the long bounds too: minutes, and up to 6 GB of memory
    #[arg(long)]
    long: bool,
    /// Explore this protocol only, or these bounds, and print a shortest story for each violation: "current", "first",
    /// "mainline", the name of a mutant, or of bounds
    #[arg(long, value_name = "NAME", conflicts_with = "long")]
    protocol: Option<String>,
    /// Explore situations outside of the contract
    #[arg(long, conflicts_with_all = ["long", "protocol"])]
    what_if: bool,
}

/// Explores; returns whether each protocol shows what it must.
///
/// # Errors
/// There is no protocol of this name.
pub fn explore(arguments: &ModelArgs) -> anyhow::Result<bool> {
    line("Exploring", format_args!("the protocol, on {} processors", processors()));
    if let Some(name) = &arguments.protocol {
        return tell(name);
    }
    if arguments.what_if {
        let mut all = true;
        for (control, what) in WHAT_IF {
            print(format_args!("{what}"));
            all &= show(&run(&control.rules, control.bounds, processors()), control.shows, false);
        }
        return Ok(all);
    }
    let mut all = true;
    let bounds = SHORT.iter().chain(if arguments.long { LONG.as_slice() } else { &[] });
    for bounds in bounds {
        all &= show(&run(&Protocol::CURRENT, bounds, processors()), &[], true);
    }
    for (rules, bounds, _) in EQUIVALENT {
        all &= show(&run(rules, bounds, processors()), &[], true);
    }
    for control in LEFT_OPEN.iter().chain(CONTROLS) {
        all &= show(&run(&control.rules, control.bounds, processors()), control.shows, false);
    }
    print(format_args!(
        "model: {}",
        if all { "each protocol shows what it must" } else { "a protocol shows something else" }
    ));
    Ok(all)
}

/// Prints a row, with a story where something unexpected is shown; returns whether it is what it must be.
fn show(row: &Row, expected: &[vdso_model::violation::Violation], is_proof: bool) -> bool {
    print(format_args!("{row}"));
    let is_right = row.classes() == expected && (row.cut == 0 || !is_proof);
    if !is_right {
        let expected: Vec<&str> = expected.iter().map(|violation| violation.text()).collect();
        print(format_args!(
            "  expected: {}",
            if expected.is_empty() { "no violation".into() } else { expected.join(", ") }
        ));
        stories(row, |violation| !expected.contains(&violation.text()));
    }
    is_right
}

fn stories(row: &Row, wanted: impl Fn(vdso_model::violation::Violation) -> bool) {
    for (violation, (scenario, way)) in row.violations.iter().filter(|(violation, _)| wanted(**violation)) {
        print(format_args!("\n{}", story(scenario, *violation, way)));
    }
}

/// All protocols with bounds of their own.
fn every() -> impl Iterator<Item = &'static Control> {
    CONTROLS.iter().chain(LEFT_OPEN).chain(WHAT_IF.iter().map(|(control, _)| control))
}

/// One protocol, with its stories.
fn tell(name: &str) -> anyhow::Result<bool> {
    let controls: Vec<&Control> =
        every().filter(|control| control.rules.name == name || control.bounds.name == name).collect();
    if controls.is_empty() {
        let names: BTreeSet<&str> = every().flat_map(|control| [control.rules.name, control.bounds.name]).collect();
        let names: Vec<&str> = names.into_iter().collect();
        bail!("protocol {name}: no such protocol; choose one of {}", names.join(", "));
    }
    let mut all = true;
    for control in controls {
        let row = run(&control.rules, control.bounds, processors());
        print(format_args!("{row}"));
        print(format_args!("  breaks: {}", control.clause));
        stories(&row, |_| true);
        all &= row.classes() == control.shows;
    }
    Ok(all)
}
