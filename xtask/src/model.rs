// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask model`: the protocol in every order of events.

use anyhow::{Context, bail};
use kernel_lab::progress::{line, print};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use vdso_inject::Target;
use vdso_inject::harness::Harness;
use vdso_model::bounds::{LONG, SHORT};
use vdso_model::catalogue::{CONTROLS, Control, EQUIVALENT, LEFT_OPEN, WHAT_IF};
use vdso_model::cipher::Cipher;
use vdso_model::counterexample::describe;
use vdso_model::protocol::Protocol;
use vdso_model::replay::replay;
use vdso_model::report::{Row, processors, run};
use vdso_model::scenario::Bounds;

/// Options of `model`.
#[derive(Clone, Debug, clap::Args)]
pub struct ModelArgs {
    /// Explore the long bounds too: ten minutes
    #[arg(long)]
    long: bool,
    /// Explore one protocol or bounds; print a shortest counterexample per violation
    ///
    /// "current", "first", "mainline", the name of a mutant, or of bounds.
    #[arg(long, value_name = "NAME", conflicts_with = "long")]
    protocol: Option<String>,
    /// Replay each counterexample of --protocol on this image, with SSE2
    #[arg(long, value_name = "IMAGE", requires = "protocol")]
    replay: Option<PathBuf>,
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
        return match &arguments.replay {
            Some(image) => replay_on(image, &named(name)?),
            None => tell(&named(name)?),
        };
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

/// Prints a row, with a counterexample for each unexpected violation; returns whether it is what it must be.
fn show(row: &Row, expected: &[vdso_model::violation::Violation], is_proof: bool) -> bool {
    print(format_args!("{row}"));
    let is_right = row.classes() == expected && (row.cut == 0 || !is_proof);
    if !is_right {
        let expected: Vec<&str> = expected.iter().map(|violation| violation.text()).collect();
        print(format_args!(
            "  expected: {}",
            if expected.is_empty() { "no violation".into() } else { expected.join(", ") }
        ));
        counterexamples(row, |violation| !expected.contains(&violation.text()));
    }
    is_right
}

fn counterexamples(row: &Row, wanted: impl Fn(vdso_model::violation::Violation) -> bool) {
    for (violation, (scenario, path)) in row.violations.iter().filter(|(violation, _)| wanted(**violation)) {
        print(format_args!("\n{}", describe(scenario, *violation, path)));
    }
}

/// All protocols that have separate bounds.
fn every() -> impl Iterator<Item = &'static Control> {
    CONTROLS.iter().chain(LEFT_OPEN).chain(WHAT_IF.iter().map(|(control, _)| control))
}

/// The controls of a name.
fn named(name: &str) -> anyhow::Result<Vec<&'static Control>> {
    let controls: Vec<&Control> =
        every().filter(|control| control.rules.name == name || control.bounds.name == name).collect();
    if controls.is_empty() {
        let names: BTreeSet<&str> = every().flat_map(|control| [control.rules.name, control.bounds.name]).collect();
        let names: Vec<&str> = names.into_iter().collect();
        bail!("protocol {name}: no such protocol; choose one of {}", names.join(", "));
    }
    Ok(controls)
}

/// Protocols with their counterexamples.
fn tell(controls: &[&Control]) -> anyhow::Result<bool> {
    let mut all = true;
    for control in controls {
        let row = run(&control.rules, control.bounds, processors());
        print(format_args!("{row}"));
        print(format_args!("  breaks: {}", control.clause));
        counterexamples(&row, |_| true);
        all &= row.classes() == control.shows;
    }
    Ok(all)
}

/// Replays the counterexamples of protocols on an image; returns whether none of them showed anything there.
fn replay_on(image: &Path, controls: &[&Control]) -> anyhow::Result<bool> {
    let target = Target::image(image)?;
    let entry = *target.entries().first().context("the image has no entry point")?;
    let harness = Harness::new(&target)?;
    let mut clean = true;
    for control in controls {
        let bounds = Bounds { ciphers: &[Cipher::Sse2], ..*control.bounds };
        let row = run(&control.rules, &bounds, processors());
        for (violation, (scenario, path)) in &row.violations {
            let replayed = replay(&harness, entry, scenario, path);
            clean &= replayed.as_ref().is_none_or(|replayed| replayed.shown.is_empty());
            let what = replayed.map_or_else(|| "no stop can make its events".into(), |replayed| replayed.to_string());
            print(format_args!("{}, {}, {violation}: {what}", row.protocol, row.bounds));
        }
    }
    Ok(clean)
}
