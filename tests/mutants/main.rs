// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The suite bites: for each clause that injection is there for, the algorithm with that clause broken.
//!
//! Each mutant is a patch beside this file. Its head says what it breaks, which clause that is, and by what it must be
//! flagged: by an event, or by a test of the native tier. The sources know nothing of them: they are patched in a copy.

mod patch;

use patch::{FlaggedBy, Mutant};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use vdso_abi::rng_data::simd;
use vdso_inject::case::Entry;
use vdso_inject::plan::EachPair;
use vdso_inject::{Effort, Event, Options, Report, Subject, inject};
use vdso_tests::workspace::{self, Xtask};

/// The clauses that need a mutant.
const CLAUSES: [&str; 17] =
    ["E3", "E6", "K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9", "M3", "M4", "R1", "R2", "R3", "S2"];

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
    let subject = Subject::image(&products.join("vdso64.so")).unwrap_or_else(|error| panic!("{error}"));
    inject(&subject, &Options { events, ..suite() }, &mut |_, _| {}).unwrap_or_else(|error| panic!("{error}"))
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
    // Not merely that it could not be run.
    said.contains("FAILED")
}

#[test]
fn every_mutant_is_flagged_and_the_original_is_not() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (xtask, folder) = (Xtask::built(scratch), scratch.join("mutants"));
    workspace::copy(&folder);
    let original = judge(&xtask.build_vdso(&folder), vec![]);
    assert_eq!(original.flagged_by(), BTreeSet::new(), "{original}");

    let mut survivors = Vec::new();
    for mutant in Mutant::all() {
        workspace::copy(&folder);
        mutant.apply(&folder);
        let products = xtask.build_vdso(&folder);
        let (wanted, flags) = match &mutant.flagged_by {
            FlaggedBy::Test(test) => (fails(test, &products), test.clone()),
            FlaggedBy::Event(event) => {
                let report = judge(&products, vec![*event]);
                let names: Vec<&str> = report.flagged_by().into_iter().map(Event::name).collect();
                (report.flagged_by().contains(event), names.join(", "))
            }
        };
        println!("{}: {} ({flags})", mutant.name, if wanted { "flagged" } else { "SURVIVES" });
        if !wanted {
            survivors.push(format!("{}: wanted {:?}, flagged by [{flags}]", mutant.name, mutant.flagged_by));
        }
    }
    assert!(survivors.is_empty(), "mutants survive:\n{}", survivors.join("\n"));
}

#[test]
fn every_clause_has_a_mutant() {
    let clauses: BTreeSet<String> = Mutant::all().into_iter().map(|mutant| mutant.clause).collect();
    assert_eq!(clauses, CLAUSES.map(str::to_owned).into());
}
