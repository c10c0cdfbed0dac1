// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `git apply` and `git diff` on copies of a few files.
//!
//! Git never runs in the user's tree. Inside a repository, `git apply` silently skips paths outside its directory, and it
//! writes file after file, so a killed run would leave a tree half patched.

use anyhow::{Context, ensure};
use duct::{Expression, cmd};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

/// Variables by which the caller's Git would change how a patch is applied.
const FOREIGN: [&str; 6] =
    ["GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_EXTERNAL_DIFF"];

/// A temporary directory with the copies.
pub struct Scratch(TempDir);

impl Scratch {
    /// Makes an empty one.
    ///
    /// # Errors
    /// The temporary directory cannot be written to.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(tempfile::tempdir()?))
    }

    /// Writes a copy.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn put(&self, path: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let place = self.0.path().join(path);
        fs_err::create_dir_all(place.parent().unwrap_or(self.0.path()))?;
        Ok(fs_err::write(place, bytes)?)
    }

    /// The bytes of a copy.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn get(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        Ok(fs_err::read(self.0.path().join(path))?)
    }

    /// Applies a patch to the copies, all of it or nothing; `options` are those of `git apply`.
    ///
    /// # Errors
    /// The words of Git, if the patch does not fit.
    pub fn apply(&self, patch: &str, options: &[&str]) -> anyhow::Result<()> {
        let arguments = ["apply", "--whitespace=nowarn"].iter().chain(options).chain(&["-"]);
        let output = run(git(self.0.path(), arguments).stdin_bytes(patch))?;
        let words = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
        ensure!(output.status.success(), "{}", words.trim_start_matches("error: ").replace('\n', "; "));
        Ok(())
    }
}

/// The hunks between two versions of files, by path.
///
/// # Errors
/// Git cannot be started, or a changed line is not UTF-8.
pub fn hunks_between<'file>(
    versions: impl Iterator<Item = (&'file str, [&'file [u8]; 2])>,
) -> anyhow::Result<BTreeMap<String, String>> {
    let scratch = Scratch::new()?;
    for (path, [old, new]) in versions {
        scratch.put(&format!("old/{path}"), old)?;
        scratch.put(&format!("new/{path}"), new)?;
    }
    let arguments = ["diff", "--no-index", "--no-color", "--no-ext-diff", "--text", "--no-prefix", "old", "new"];
    let output = run(git(scratch.0.path(), arguments.iter()))?;
    // 1: they differ.
    ensure!(
        matches!(output.status.code(), Some(0 | 1)),
        "git diff failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let diff = String::from_utf8(output.stdout).context("a changed line is not UTF-8")?;
    let of_file = |section: &str| {
        let (head, hunks) = section.split_once("\n@@ ")?;
        let (_, path) = head.rsplit_once("\n+++ new/")?;
        Some((path.trim_end_matches('\t').to_owned(), format!("@@ {hunks}\n")))
    };
    // Each line of a hunk has its sign before it.
    Ok(format!("\n{diff}").trim_end_matches('\n').split("\ndiff --git ").filter_map(of_file).collect())
}

fn git<'word>(directory: &Path, arguments: impl Iterator<Item = &'word &'word str>) -> Expression {
    // No repository, and no configuration: neither may decide which paths are patched, or what a blank is.
    let command = cmd("git", arguments.copied()).dir(directory).env("GIT_DIR", "/dev/null").env("LC_ALL", "C");
    let command = command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    FOREIGN.iter().fold(command, |command, name| command.env_remove(name))
}

fn run(command: Expression) -> anyhow::Result<std::process::Output> {
    let started = command.stdout_capture().stderr_capture().unchecked().run();
    started.context("git: could not be started; install the package git")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "--- a/d/f\n+++ b/d/f\n@@ -2,2 +2,3 @@\n two\n+new\n three\n";

    /// Applies in a directory below one that was prepared by these Git commands.
    fn applied_below(prepare: &[&[&str]]) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        for arguments in prepare {
            cmd("git", arguments.iter().copied()).dir(directory.path()).stdout_null().run().unwrap();
        }
        let scratch = Scratch(tempfile::tempdir_in(directory.path()).unwrap());
        scratch.put("d/f", b"one\ntwo\nthree\n").unwrap();
        scratch.apply(DIFF, &[]).unwrap();
        scratch.get("d/f").unwrap()
    }

    #[test]
    fn apply_works_inside_a_repository_that_ignores_the_files_and_outside_of_any() {
        let after = b"one\ntwo\nnew\nthree\n";
        assert_eq!(applied_below(&[]), after);
        assert_eq!(applied_below(&[&["init", "--quiet"]]), after);
        let ignoring: &[&[&str]] = &[
            &["init", "--quiet"],
            &["config", "core.excludesFile", "/dev/stdin"],
            &["config", "apply.whitespace", "fix"],
        ];
        assert_eq!(applied_below(ignoring), after);
    }

    #[test]
    fn apply_restores_the_bytes_in_reverse_and_names_what_does_not_fit() {
        let scratch = Scratch::new().unwrap();
        scratch.put("d/f", b"one\ntwo \nthree\r\n\xff").unwrap();
        let diff = "--- a/d/f\n+++ b/d/f\n@@ -1,3 +1,4 @@\n one\n two \n+new\t \n three\r\n";
        scratch.apply(diff, &[]).unwrap();
        assert_eq!(scratch.get("d/f").unwrap(), b"one\ntwo \nnew\t \nthree\r\n\xff");
        scratch.apply(diff, &["--reverse"]).unwrap();
        assert_eq!(scratch.get("d/f").unwrap(), b"one\ntwo \nthree\r\n\xff");
        let error = scratch.apply(DIFF, &[]).unwrap_err().to_string();
        assert!(error.contains("patch failed: d/f:2"), "{error}");
    }

    #[test]
    fn hunks_between_equal_texts_are_none() {
        let versions = [("d/a", [&b"a\n"[..], b"a\n"]), ("d/b", [b"a\n", b"b"]), ("c", [b"1\n", b"\n\n"])];
        let hunks = hunks_between(versions.into_iter()).unwrap();
        let wanted =
            [("c", "@@ -1 +1,2 @@\n-1\n+\n+\n"), ("d/b", "@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n")];
        assert_eq!(hunks, wanted.map(|(path, hunks)| (path.into(), hunks.into())).into());
    }
}
