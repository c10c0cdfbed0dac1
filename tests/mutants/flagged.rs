// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Each mutant is flagged, and the original is not.
//!
//! A mutant replaces statements in a copy of the workspace, and names the event or the native test that must flag it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use vdso_abi::rng_data::simd;
use vdso_inject::case::Entry;
use vdso_inject::plan::EachPair;
use vdso_inject::{Effort, Event, Options, Report, Target, inject};
use vdso_tests::mutants::{self, FlaggedBy, ObjectMutant};
use vdso_tests::workspace::{self, Xtask};

/// A small draw, exact groups, and a draw that needs a refill, through one entry point, with the cipher that every
/// processor has: as much as it takes.
fn suite() -> Options {
    let effort =
        Effort { one_case_of: 1, instructions: 12, forks: 12, abandoned: 4, each_pair: EachPair::WithoutForks };
    let mut options = Options::new(effort, 1);
    (options.lens, options.entries, options.levels) = (vec![16, 512, 640], vec![Entry::Vgetrandom], vec![simd::SSE2]);
    options
}

/// Puts an image through `events`, or through all of them if there are none.
fn judge(products: &Path, events: Vec<Event>) -> Report {
    let target = Target::image(&products.join("vdso64.so")).unwrap_or_else(|error| panic!("{error}"));
    inject(&target, &Options { events, ..suite() }, &mut |_, _| {}).unwrap_or_else(|error| panic!("{error}"))
}

/// Whether a test of the native tier fails with these products.
fn fails(test: &str, products: &Path) -> bool {
    let output = workspace::output(
        Command::new(env!("CARGO"))
            .args(["test", "--quiet", "--package", "vdso-tests", "--test", "native", "--", test])
            .current_dir(workspace::root())
            .env(vdso_tests::vdso::PRODUCTS, products),
    );
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("running 0 tests"), "there is no test {test}");
    // A test that could not run at all does not count.
    said.contains("FAILED")
}

#[test]
fn every_mutant_is_flagged_and_the_original_is_not() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (xtask, copied) = (Xtask::built(scratch), scratch.join("mutants"));
    workspace::copy(&copied);
    let original = judge(&xtask.build_vdso(&copied), vec![]);
    assert_eq!(original.flagged_by(), BTreeSet::new(), "{original}");

    let survivors: Vec<String> = mutants::all().filter_map(|mutant| survivor(mutant, &xtask, &copied)).collect();
    assert!(survivors.is_empty(), "mutants survive:\n{}", survivors.join("\n"));
}

/// Builds a mutant; returns a line about it if it is not flagged.
fn survivor(mutant: &ObjectMutant, xtask: &Xtask, copied: &Path) -> Option<String> {
    workspace::copy(copied);
    mutant.apply(copied).unwrap_or_else(|misfit| panic!("{misfit}"));
    let products = xtask.build_vdso(copied);
    let (is_flagged, flags) = match mutant.flagged_by {
        FlaggedBy::Test(test) => (fails(test, &products), test.to_owned()),
        FlaggedBy::Event(event) => {
            let report = judge(&products, vec![event]);
            let names: Vec<&str> = report.flagged_by().into_iter().map(Event::name).collect();
            (report.flagged_by().contains(&event), names.join(", "))
        }
    };
    println!("{}: {} ({flags})", mutant.id, if is_flagged { "flagged" } else { "SURVIVES" });
    let survivor = || format!("{} ({}): {:?} expected, [{flags}] seen", mutant.id, mutant.fault, mutant.flagged_by);
    (!is_flagged).then(survivor)
}
