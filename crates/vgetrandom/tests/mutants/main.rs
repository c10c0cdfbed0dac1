// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The tests of the contract bite: for each mutant of the library, the one that is there for it fails.
//!
//! The sources know nothing of the mutants: text is replaced in a copy with a separate build directory. The copy stays,
//! so that a later run builds the library and its tests only.

mod list;

use list::{MUTANTS, Mutant};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The crates that the library and its tests are made of.
const CRATES: [&str; 4] = ["vdso-abi", "vdso-link", "vdso-native", "vgetrandom"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies in the workspace")
}

/// Copies a directory. Files that are equal keep their time of change, so that Cargo does not build them again.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("an entry").path();
        let target = to.join(entry.file_name().expect("an entry has a name"));
        if entry.is_dir() {
            copy(&entry, &target);
        } else {
            write(&target, &fs::read(&entry).unwrap_or_else(|error| panic!("{}: {error}", entry.display())));
        }
    }
}

fn write(path: &Path, contents: &[u8]) {
    if fs::read(path).ok().as_deref() != Some(contents) {
        fs::write(path, contents).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

/// The manifest of the workspace with the crates above, and without its profiles, which would build them for speed.
fn manifest() -> String {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("the workspace has a manifest");
    let members: String = CRATES.iter().map(|name| format!("    \"crates/{name}\",\n")).collect();
    let (before, rest) = manifest.split_once("members = [\n").expect("members");
    let (_, rest) = rest.split_once("]\n").expect("the end of the members");
    let rest = rest.split("[profile").next().expect("a part before the profiles");
    let profile = "[profile.dev]\ndebug = false\n";
    format!("{before}members = [\n{members}]\n{rest}{profile}")
}

/// A copy of the crates, without changes.
fn original() -> PathBuf {
    let copied = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutants");
    CRATES.iter().for_each(|name| copy(&root().join("crates").join(name), &copied.join("crates").join(name)));
    // The tests of the clauses read it.
    copy(&root().join("docs"), &copied.join("docs"));
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
fn is_flagged(copied: &Path, mutant: &Mutant) -> bool {
    let output = test(copied, &[mutant.flagged_by]);
    let said = said(&output);
    assert!(!said.contains("error: could not compile"), "{}: {said}", mutant.name);
    assert!(said.contains("running 1 test"), "{}: no test {}: {said}", mutant.name, mutant.flagged_by);
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
        let path = copied.join("crates/vgetrandom/src").join(mutant.file);
        let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(source.matches(mutant.from).count(), 1, "{}: its text is not there once", mutant.name);
        write(&path, source.replace(mutant.from, mutant.to).as_bytes());
        if !is_flagged(&copied, &mutant) {
            survivors.push(mutant.name);
        }
        write(&path, source.as_bytes());
    }
    assert!(survivors.is_empty(), "no test flags: {survivors:#?}");
}
