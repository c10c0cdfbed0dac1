// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The violations of a whole tree: terms in every line, and links that lead nowhere.

use super::{Violation, in_line, is_checked, links};
use std::collections::BTreeMap;
use std::path::Path;

/// The violations in the lines of a tree's files, whose names Git separates by zeros.
///
/// # Errors
/// A file that is still there cannot be read as text.
pub fn lines(root: &Path, names: &str) -> anyhow::Result<Vec<Violation>> {
    in_files(root, names, is_checked, |_, name, text| {
        text.lines().zip(1..).flat_map(|(line, number)| in_line(name, number, line)).collect()
    })
}

/// The links in a tree's documents that lead nowhere.
///
/// # Errors
/// A document that is still there cannot be read as text.
pub fn links(root: &Path, names: &str) -> anyhow::Result<Vec<Violation>> {
    in_files(root, names, |name| name.ends_with(".md"), links::broken)
}

/// Applies a check to the files that have a property, without those that were removed and are still in Git's index.
fn in_files(
    root: &Path,
    names: &str,
    has_property: impl Fn(&str) -> bool,
    check: impl Fn(&Path, &str, &str) -> Vec<Violation>,
) -> anyhow::Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for name in names.split('\0').filter(|name| has_property(name)) {
        let file = root.join(name);
        if file.is_file() {
            violations.extend(check(&file, name, &fs_err::read_to_string(&file)?));
        }
    }
    Ok(violations)
}

/// The number of violations of each kind, most frequent first.
pub fn counts(violations: &[Violation]) -> Vec<(&str, usize)> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for violation in violations {
        *counts.entry(&violation.what).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_and_link_of_a_tree_is_checked_and_counted() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs_err::write(root.path().join(name), text).unwrap();
        write("a.rs", "// Nobody calls it.\nlet nobody = 1;\n// Nobody.\n");
        write("b.md", "A [link](a.rs), and a [bad one](c.rs).\n");
        write("golden.txt", "nobody\n");
        let names = "a.rs\0b.md\0golden.txt\0removed.rs\0";
        let mut found = lines(root.path(), names).unwrap();
        found.extend(links(root.path(), names).unwrap());
        let places: Vec<_> = found.iter().map(|violation| violation.place.as_str()).collect();
        assert_eq!(places, ["a.rs:1", "a.rs:3", "b.md:1"], "{found:?}");
        let counts = counts(&found);
        assert_eq!(counts.iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2, 1], "{counts:?}");
    }
}
