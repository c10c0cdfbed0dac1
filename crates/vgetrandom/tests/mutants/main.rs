// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The tests of the contract bite: each mutant of the library is flagged by the test that it names.

#[cfg(feature = "slow")]
mod flagged;
mod list;

use list::MUTANTS;
use std::collections::BTreeSet;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies in the workspace")
}

#[test]
fn every_mutant_fits_the_sources() {
    let misfits: Vec<_> = MUTANTS.iter().filter_map(|mutant| mutant.check(root()).err()).collect();
    assert!(misfits.is_empty(), "{}", misfits.iter().map(|misfit| format!("{misfit}\n")).collect::<String>());
}

#[test]
fn every_mutant_has_an_id_that_begins_with_its_clause() {
    let ids: BTreeSet<&str> = MUTANTS.iter().map(|mutant| mutant.id).collect();
    assert_eq!(ids.len(), MUTANTS.len(), "two mutants with one id");
    for mutant in MUTANTS {
        let clause = mutant.clause.to_lowercase();
        assert!(mutant.id.starts_with(&format!("{clause}-")), "{}", mutant.id);
        assert!(mutant.flagged_by.starts_with(&format!("{clause}_")), "{}: a test of another clause", mutant.id);
    }
}
