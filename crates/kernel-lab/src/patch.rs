// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Unified diffs applied in memory, with a word about every hunk that does not fit.
//!
//! `diffy` places a hunk at the nearest lines that equal it, however far away. A later release of a line moves lines,
//! so that is wanted, but only where there is no choice: a hunk that would fit at two places is refused.

use anyhow::{Context, bail};
use diffy::patch_set::{FileOperation, ParseOptions, PatchKind, PatchSet};
use diffy::{Hunk, Line as HunkLine};
use std::collections::BTreeMap;

/// A file of `kernel-glue/<series>/patches`.
#[derive(Debug)]
pub struct Patch {
    /// Its name without the folder.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Applies `patches` one after the other to the files that `read` supplies by their path in the tree, and returns the
/// changed files.
///
/// # Errors
/// Every hunk that does not fit, one per line, or the first patch that is malformed.
pub fn apply_all(
    patches: &[Patch],
    read: impl Fn(&str) -> anyhow::Result<Option<String>>,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut changed = BTreeMap::new();
    let mut misfits = Vec::new();
    for patch in patches {
        for file_patch in PatchSet::parse(&patch.text, ParseOptions::unidiff()) {
            let file_patch = file_patch.with_context(|| format!("{}: malformed patch", patch.name))?;
            let path = patched_path(file_patch.operation()).with_context(|| patch.name.clone())?;
            let PatchKind::Text(diff) = file_patch.patch() else { bail!("{}: {path}: a binary patch", patch.name) };

            let before = match changed.get(&path).cloned() {
                Some(text) => Some(text),
                None => read(&path)?,
            };
            let Some(before) = before else {
                misfits.push(format!("{}: {path}: no such file", patch.name));
                continue;
            };
            let found = misplaced(diff.hunks(), &before);
            if found.is_empty() {
                let after = diffy::apply(&before, diff).with_context(|| format!("{}: {path}", patch.name))?;
                changed.insert(path, after);
            } else {
                misfits.extend(found.into_iter().map(|misfit| format!("{}: {path}: {misfit}", patch.name)));
            }
        }
    }
    if !misfits.is_empty() {
        bail!(misfits.join("\n"));
    }
    Ok(changed)
}

/// The path, below the tree's top folder, of the one file that a patch changes.
fn patched_path(operation: &FileOperation<'_, str>) -> anyhow::Result<String> {
    let FileOperation::Modify { original, modified } = operation.strip_prefix(1) else {
        bail!("creates, deletes or renames a file; new files belong in the folder files/");
    };
    if original != modified {
        bail!("{original} and {modified}: two names for one file");
    }
    if modified.starts_with('/') || modified.split('/').any(|part| matches!(part, "" | "." | "..")) {
        bail!("{modified}: not a path inside the tree");
    }
    Ok(modified.into_owned())
}

/// What is wrong with the places of the hunks; nothing if all of them fit.
fn misplaced(hunks: &[Hunk<'_, str>], text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let exact = hunks.iter().all(|hunk| {
        let before = side(hunk, Side::Before);
        let first = hunk.old_range().start().saturating_sub(1);
        !before.is_empty() && lines.get(first..first + before.len()) == Some(&before[..])
    });
    if exact {
        return Vec::new();
    }
    let count = hunks.len();
    let judge = |(index, hunk): (usize, &Hunk<'_, str>)| {
        let what = format!("hunk {} of {count} (line {})", index + 1, hunk.old_range().start());
        match places(&lines, &side(hunk, Side::Before)) {
            1 => None,
            0 if places(&lines, &side(hunk, Side::After)) > 0 => Some(format!("{what} is in the file already")),
            0 => Some(format!("{what} does not fit")),
            places => Some(format!("{what} would fit at {places} places")),
        }
    };
    hunks.iter().enumerate().filter_map(judge).collect()
}

#[derive(Clone, Copy)]
enum Side {
    Before,
    After,
}

/// The lines of one side of a hunk.
fn side<'text>(hunk: &Hunk<'text, str>, side: Side) -> Vec<&'text str> {
    let of_side = |line: &HunkLine<'text, str>| match (line, side) {
        (HunkLine::Context(text), _)
        | (HunkLine::Delete(text), Side::Before)
        | (HunkLine::Insert(text), Side::After) => Some(*text),
        _ => None,
    };
    hunk.lines().iter().filter_map(of_side).collect()
}

/// At how many places of a file a run of lines stands; an empty run, which is everywhere, counts as nowhere.
fn places(lines: &[&str], run: &[&str]) -> usize {
    if run.is_empty() { 0 } else { lines.windows(run.len()).filter(|window| *window == run).count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n";
    const DIFF: &str = "a word first\n\n--- a/d/f\n+++ b/d/f\n@@ -1,3 +1,4 @@\n one\n two\n+new\n three\n\
                        @@ -6,3 +7,3 @@\n six\n-seven\n+SEVEN\n eight\n";

    fn apply(diff: &str, file: &str) -> anyhow::Result<String> {
        let patch = Patch { name: "0001-x.patch".into(), text: diff.into() };
        let mut changed = apply_all(&[patch], |path| Ok((path == "d/f").then(|| file.to_owned())))?;
        Ok(changed.remove("d/f").unwrap_or_default())
    }

    fn misfit(diff: &str, file: &str) -> String {
        format!("{:#}", apply(diff, file).unwrap_err())
    }

    #[test]
    fn applies_at_its_place_and_where_lines_moved() {
        let after = "one\ntwo\nnew\nthree\nfour\nfive\nsix\nSEVEN\neight\n";
        assert_eq!(apply(DIFF, FILE).unwrap(), after);
        let moved = format!("zero\nzero\n{FILE}");
        assert_eq!(apply(DIFF, &moved).unwrap(), format!("zero\nzero\n{after}"));
    }

    #[test]
    fn every_misfit_is_named() {
        let error = misfit(DIFF, &FILE.replace("two", "2").replace("eight", "8"));
        assert_eq!(
            error,
            "0001-x.patch: d/f: hunk 1 of 2 (line 1) does not fit\n\
             0001-x.patch: d/f: hunk 2 of 2 (line 6) does not fit"
        );
    }

    #[test]
    fn a_hunk_that_is_in_already_is_told_from_one_that_does_not_fit() {
        let error = misfit(DIFF, &FILE.replace("seven", "SEVEN"));
        assert_eq!(error, "0001-x.patch: d/f: hunk 2 of 2 (line 6) is in the file already");
    }

    #[test]
    fn two_places_are_refused_unless_one_is_exact() {
        let twice = format!("{FILE}six\nseven\neight\n");
        assert!(apply(DIFF, &twice).is_ok());
        let error = misfit(DIFF, &format!("zero\n{twice}"));
        assert_eq!(error, "0001-x.patch: d/f: hunk 2 of 2 (line 6) would fit at 2 places");
    }

    #[test]
    fn a_later_patch_sees_what_an_earlier_one_did() {
        let second = "--- a/d/f\n+++ b/d/f\n@@ -2,3 +2,3 @@\n two\n-new\n+newer\n three\n";
        let patches = [DIFF, second].map(|text| Patch { name: "p".into(), text: text.into() });
        let changed = apply_all(&patches, |_| Ok(Some(FILE.into()))).unwrap();
        assert!(changed["d/f"].contains("two\nnewer\nthree\n"));
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
