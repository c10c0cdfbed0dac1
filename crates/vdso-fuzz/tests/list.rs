// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Programs, kept inputs and docs/robustness.md have the targets of [`Target::ALL`] and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use vdso_fuzz::Target;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the names of the files in a directory, without their extensions.
fn stems(directory: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(directory)).unwrap();
    entries.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

/// Returns the names in the first column of the table that has this heading.
fn rows(page: &str, heading: &str) -> BTreeSet<String> {
    let table = page.lines().skip_while(|line| !line.starts_with(heading)).skip(2);
    let rows = table.map_while(|line| line.strip_prefix("| `")?.split('`').next());
    rows.map(str::to_owned).collect()
}

/// Compares names with those of the targets.
fn compare(place: &str, names: &BTreeSet<String>) -> Result<(), String> {
    let targets: BTreeSet<_> = Target::ALL.into_iter().map(|target| target.name().to_owned()).collect();
    if *names == targets { Ok(()) } else { Err(format!("{place}: {names:?} instead of {targets:?}")) }
}

#[test]
fn every_target_has_a_program() {
    compare("fuzz/src/bin", &stems("fuzz/src/bin")).unwrap();
    for target in Target::ALL {
        let program = fs::read_to_string(root().join("fuzz/src/bin").join(target.name()).with_extension("rs")).unwrap();
        assert!(program.contains(&format!("fuzz!({target:?});")), "{program}");
    }
}

#[test]
fn every_target_has_kept_inputs() {
    compare("fuzz/corpus", &stems("fuzz/corpus")).unwrap();
}

#[test]
fn robustness_md_lists_every_target() {
    let page = fs::read_to_string(root().join("docs/robustness.md")).unwrap();
    compare("docs/robustness.md, properties", &rows(&page, "| target | requirement")).unwrap();
    compare("docs/robustness.md, executions", &rows(&page, "| target | executions")).unwrap();
}

#[test]
fn a_target_too_many_or_too_few_is_reported() {
    let page = "| target | what must hold |\n| --- | --- |\n| `object` | x |\n| `image` | x |\n| `verify` | x |\n\n| `splice` |\n";
    let rows = rows(page, "| target | what");
    assert!(compare("page", &rows).unwrap_err().contains("\"splice\""));
    let mut names: BTreeSet<_> = Target::ALL.map(|target| target.name().to_owned()).into();
    compare("all", &names).unwrap();
    names.insert("other".to_owned());
    assert!(compare("page", &names).unwrap_err().contains("\"other\""));
}
