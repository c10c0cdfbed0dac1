// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The patches of a series on copies of a tree's files, with a reason for every hunk that does not fit.
//!
//! `git apply` does the work. It stops at a file's first misfit, and it takes the nearest of several places where a hunk
//! fits. A user needs all misfits at once, and a hunk at the wrong place changes code that no reviewer saw. So each hunk is
//! looked up here first.

use super::git::Scratch;
use super::hunk::{Hunk, Side, hunks_of};
use anyhow::{Context, bail};
use std::collections::BTreeMap;

/// A file of `kernel-glue/<series>/patches`.
#[derive(Debug)]
pub struct Patch {
    /// Its name without the directory.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Which way patches are applied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// As written, the first patch first.
    Forward,
    /// In reverse, the last patch first.
    Reverse,
}

/// Applies all of `patches` to the files that `read` supplies by their path in the tree, and returns the changed files.
///
/// # Errors
/// Every hunk that does not fit, one per line, or the first patch that is malformed.
pub fn apply_all(
    patches: &[Patch],
    direction: Direction,
    read: impl Fn(&str) -> anyhow::Result<Option<Vec<u8>>>,
) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let scratch = Scratch::new()?;
    let mut files = BTreeMap::new();
    let mut misfits = Vec::new();
    let ordered: Vec<&Patch> = match direction {
        Direction::Forward => patches.iter().collect(),
        Direction::Reverse => patches.iter().rev().collect(),
    };
    for patch in ordered {
        let name = &patch.name;
        let hunks = hunks_of(&patch.text).with_context(|| name.clone())?;
        let mut excluded = Vec::new();
        for (path, hunks) in &hunks {
            if !files.contains_key(path)
                && let Some(bytes) = read(path)?
            {
                scratch.put(path, &bytes)?;
                files.insert(path.clone(), bytes);
            }
            let found = match files.get(path) {
                Some(bytes) => misplaced(hunks, direction, bytes),
                None => vec!["no such file".into()],
            };
            if !found.is_empty() {
                excluded.push(format!("--exclude={path}"));
            }
            misfits.extend(found.into_iter().map(|misfit| format!("{name}: {path}: {misfit}")));
        }
        // The other files of the patch change nevertheless: a later patch may build on them.
        let mut options: Vec<&str> = excluded.iter().map(String::as_str).collect();
        options.extend((direction == Direction::Reverse).then_some("--reverse"));
        if excluded.len() < hunks.len() {
            misfits.extend(scratch.apply(&patch.text, &options).err().map(|error| format!("{name}: {error}")));
        }
        for (path, _) in &hunks {
            if let Some(bytes) = files.get_mut(path) {
                *bytes = scratch.get(path)?;
            }
        }
    }
    if !misfits.is_empty() {
        bail!(misfits.join("\n"));
    }
    Ok(files)
}

/// The hunks that do not fit, each with its reason.
fn misplaced(hunks: &[Hunk<'_>], direction: Direction, bytes: &[u8]) -> Vec<String> {
    let (before, after) = match direction {
        Direction::Forward => (Side::Before, Side::After),
        Direction::Reverse => (Side::After, Side::Before),
    };
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let exact = hunks.iter().all(|hunk| {
        let run = hunk.side(before);
        let first = hunk.start(before).saturating_sub(1);
        !run.is_empty() && lines.get(first..first + run.len()) == Some(&run[..])
    });
    if exact {
        return Vec::new();
    }
    let count = hunks.len();
    let misfit = |(index, hunk): (usize, &Hunk<'_>)| {
        let what = format!("hunk {} of {count} (line {})", index + 1, hunk.start(before));
        match places(&lines, &hunk.side(before)) {
            1 => None,
            0 if places(&lines, &hunk.side(after)) > 0 && direction == Direction::Forward => {
                Some(format!("{what} is in the file already"))
            }
            0 => Some(format!("{what} does not fit")),
            places => Some(format!("{what} would fit at {places} places")),
        }
    };
    hunks.iter().enumerate().filter_map(misfit).collect()
}

/// At how many places of a file a run of lines stands; an empty run, which is everywhere, counts as nowhere.
fn places(lines: &[&[u8]], run: &[&[u8]]) -> usize {
    if run.is_empty() { 0 } else { lines.windows(run.len()).filter(|window| *window == run).count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n";
    const DIFF: &str = "a word first\n\n--- a/d/f\n+++ b/d/f\n@@ -2,3 +2,4 @@\n one\n two\n+new\n three\n\
                        @@ -7,3 +8,3 @@\n six\n-seven\n+SEVEN\n eight\n";

    fn apply(diff: &str, file: &str) -> anyhow::Result<String> {
        let patch = Patch { name: "0001-x.patch".into(), text: diff.into() };
        let mut changed = apply_all(&[patch], Direction::Forward, |path| Ok((path == "d/f").then(|| file.into())))?;
        Ok(String::from_utf8(changed.remove("d/f").unwrap_or_default())?)
    }

    fn misfit(diff: &str, file: &str) -> String {
        format!("{:#}", apply(diff, file).unwrap_err())
    }

    #[test]
    fn applies_at_its_place_and_where_lines_moved() {
        let after = "zero\none\ntwo\nnew\nthree\nfour\nfive\nsix\nSEVEN\neight\n";
        assert_eq!(apply(DIFF, FILE).unwrap(), after);
        let moved = format!("first\n{FILE}");
        assert_eq!(apply(DIFF, &moved).unwrap(), format!("first\n{after}"));
    }

    #[test]
    fn every_misfit_is_named() {
        let error = misfit(DIFF, &FILE.replace("two", "2").replace("eight", "8"));
        assert_eq!(
            error,
            "0001-x.patch: d/f: hunk 1 of 2 (line 2) does not fit\n\
             0001-x.patch: d/f: hunk 2 of 2 (line 7) does not fit"
        );
    }

    #[test]
    fn a_hunk_that_is_in_already_is_told_from_one_that_does_not_fit() {
        let error = misfit(DIFF, &FILE.replace("seven", "SEVEN"));
        assert_eq!(error, "0001-x.patch: d/f: hunk 2 of 2 (line 7) is in the file already");
    }

    #[test]
    fn two_places_are_refused_unless_one_is_exact() {
        let twice = format!("{FILE}six\nseven\neight\n");
        assert!(apply(DIFF, &twice).is_ok());
        let error = misfit(DIFF, &format!("zero\n{twice}"));
        assert_eq!(error, "0001-x.patch: d/f: hunk 2 of 2 (line 7) would fit at 2 places");
    }

    #[test]
    fn a_later_patch_sees_what_an_earlier_one_did() {
        let second = "--- a/d/f\n+++ b/d/f\n@@ -3,3 +3,3 @@\n two\n-new\n+newer\n three\n";
        let patches = [DIFF, second].map(|text| Patch { name: "p".into(), text: text.into() });
        let changed = apply_all(&patches, Direction::Forward, |_| Ok(Some(FILE.into()))).unwrap();
        assert!(String::from_utf8_lossy(&changed["d/f"]).contains("two\nnewer\nthree\n"));
        let restored = apply_all(&patches, Direction::Reverse, |path| Ok(changed.get(path).cloned())).unwrap();
        assert_eq!(restored["d/f"], FILE.as_bytes());
    }

    #[test]
    fn what_a_patch_may_not_do() {
        for (diff, wanted) in [
            ("--- /dev/null\n+++ b/d/f\n@@ -0,0 +1 @@\n+new\n", "files/"),
            ("--- a/../f\n+++ b/../f\n@@ -1 +1 @@\n-one\n+1\n", "not a path inside the tree"),
            ("--- a/d/g\n+++ b/d/g\n@@ -1 +1 @@\n-one\n+1\n", "no such file"),
            ("--- a/d/f\n+++ b/d/f\n@@ -1,2 +1 @@\n-one\n", "malformed patch"),
            ("no diff at all\n", "malformed patch"),
        ] {
            let error = misfit(diff, FILE);
            assert!(error.contains(wanted), "{diff:?}: {error}");
        }
    }

    #[test]
    fn a_hunk_without_any_line_to_hold_on_to_is_refused() {
        let error = misfit("--- a/d/f\n+++ b/d/f\n@@ -3,0 +4 @@\n+new\n", FILE);
        assert!(error.contains("hunk 1 of 1"), "{error}");
    }
}
