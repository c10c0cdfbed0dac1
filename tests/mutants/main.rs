// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The suites bite: for each clause that injection is there for, the object with that clause broken is flagged.

#[cfg(feature = "slow")]
mod flagged;

use std::collections::BTreeSet;
use vdso_tests::{mutants, workspace};

/// The clauses that need a mutant.
const CLAUSES: [&str; 17] =
    ["E3", "E6", "K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9", "M3", "M4", "R1", "R2", "R3", "S2"];

#[test]
fn every_mutant_fits_the_sources() {
    let misfits: Vec<_> = mutants::all().filter_map(|mutant| mutant.check(workspace::root()).err()).collect();
    assert!(misfits.is_empty(), "{}", misfits.iter().map(|misfit| format!("{misfit}\n")).collect::<String>());
}

#[test]
fn every_mutant_has_an_id_that_begins_with_its_clause() {
    let ids: BTreeSet<&str> = mutants::all().map(|mutant| mutant.id).collect();
    assert_eq!(ids.len(), mutants::all().count(), "two mutants with one id");
    for mutant in mutants::all() {
        assert!(mutant.id.starts_with(&format!("{}-", mutant.clause.to_lowercase())), "{}", mutant.id);
    }
}

#[test]
fn every_clause_has_a_mutant() {
    let clauses: BTreeSet<&str> = mutants::all().map(|mutant| mutant.clause).collect();
    assert_eq!(clauses, CLAUSES.into());
}
