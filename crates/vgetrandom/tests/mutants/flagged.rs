// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! For each mutant of the library, the test that it names fails.
//!
//! A mutant replaces statements in a copy of the crates with a separate build directory. The copy stays, so that a later run
//! builds only the library and its tests.

use crate::list::{LibraryMutant, MUTANTS};
use crate::root;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use vdso_fixtures::mirror::{mirror, write};

/// The manifest of the workspace with the library as its member, which makes the crates that it uses members as well. It
/// has no profiles: they would build the crates for speed.
fn manifest() -> String {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a manifest");
    let (before, rest) = manifest.split_once("\nmembers = [\n").expect("the manifest lists members");
    // The list of members and the one of default members go.
    let (_, rest) = rest.split_once("]\n").expect("the list of members ends");
    let (_, rest) = rest.split_once("]\n").expect("the list of default members ends");
    let rest = rest.split("[profile").next().expect("a part before the profiles");
    format!("{before}\nmembers = [\"crates/vgetrandom\"]\n{rest}[profile.dev]\ndebug = false\n")
}

/// A copy of the crates, without changes.
fn original() -> PathBuf {
    let copied = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutants");
    // The tests of the clauses read the contract.
    for directory in ["crates", "docs"] {
        mirror(&root().join(directory), &copied.join(directory));
    }
    write(&copied.join("Cargo.toml"), manifest().as_bytes());
    write(&copied.join("Cargo.lock"), &fs::read(root().join("Cargo.lock")).expect("the workspace has a lock file"));
    copied
}

/// Runs tests of the contract in the copy.
fn test(copied: &Path, names: &[&str]) -> Output {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["test", "--quiet", "--offline", "--package", "vgetrandom", "--test", "contract", "--"]).args(names);
    cargo.current_dir(copied).env("CARGO_TARGET_DIR", copied.join("target"));
    cargo.env("VDSO_PRODUCTS", vdso_fixtures::products::directory());
    cargo.output().unwrap_or_else(|error| panic!("{cargo:?}: {error}"))
}

/// The output of a run.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Whether the test that is there for the mutant fails, rather than that the mutant does not compile.
fn is_flagged(copied: &Path, mutant: &LibraryMutant) -> bool {
    let output = test(copied, &[mutant.flagged_by]);
    let said = said(&output);
    assert!(!said.contains("error: could not compile"), "{}: {said}", mutant.id);
    assert!(said.contains("running 1 test"), "{}: no test {}: {said}", mutant.id, mutant.flagged_by);
    said.contains("FAILED")
}

#[test]
fn every_mutant_is_flagged_and_the_original_is_not() {
    let copied = original();
    let names: Vec<_> = MUTANTS.iter().map(|mutant| mutant.flagged_by).collect();
    let output = test(&copied, &names);
    assert!(output.status.success(), "the original: {}", said(&output));

    let mut survivors = Vec::new();
    for mutant in MUTANTS {
        mutant.apply(&original()).unwrap_or_else(|misfit| panic!("{misfit}"));
        if !is_flagged(&copied, mutant) {
            survivors.push(format!("{} ({}): {} expected", mutant.id, mutant.fault, mutant.flagged_by));
        }
    }
    original();
    assert!(survivors.is_empty(), "mutants survive:\n{}", survivors.join("\n"));
}
