// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask language`: the English of lines and of commits that are newer than the rule, and the links of documents.

mod links;
mod prose;
mod terms;
mod tree;

use anyhow::Context;
use duct::cmd;
use kernel_lab::{process, progress, workspace};
use std::fmt;
use std::path::Path;

/// The last commit before the rule.
const SINCE: &str = "ffe8bf660ed9";

/// The longest subject of a commit, in characters.
const SUBJECT: usize = 72;

/// Options of `cargo xtask language`.
#[derive(Clone, Debug, clap::Args)]
pub struct LanguageArgs {
    /// Check lines and commits after this commit
    #[arg(long, value_name = "COMMIT", default_value = SINCE)]
    since: String,
    /// Check every line of the tree and print a count per term
    #[arg(long)]
    all: bool,
}

impl Default for LanguageArgs {
    fn default() -> Self {
        Self { since: SINCE.into(), all: false }
    }
}

/// One violation: where, and what to write instead.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    place: String,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Prints every violation and returns whether there is none; `None` if a shallow clone leaves only links to check.
///
/// # Errors
/// Git is missing, or does not know the commit.
pub fn run(options: &LanguageArgs) -> anyhow::Result<Option<bool>> {
    let is_shallow = git(&["rev-parse", "--is-shallow-repository"])?.trim() == "true";
    let names = git(&["ls-files", "-z"])?;
    let mut violations = tree::links(workspace::root(), &names)?;
    if options.all {
        violations.extend(tree::lines(workspace::root(), &names)?);
    }
    if is_shallow {
        progress::line("Skipped", "language: a shallow clone does not tell which lines and commits are new");
    } else {
        violations.extend(newer(options)?);
    }
    for violation in &violations {
        progress::complain(violation);
    }
    if options.all {
        for (what, count) in tree::counts(&violations) {
            progress::line("Counted", format_args!("{count:5}  {what}"));
        }
        progress::line("Counted", format_args!("{:5}  violations in all", violations.len()));
    }
    Ok((options.all || !is_shallow || !violations.is_empty()).then_some(violations.is_empty()))
}

/// The violations in commits after the one that the options name, and in lines if the whole tree is not checked.
fn newer(options: &LanguageArgs) -> anyhow::Result<Vec<Violation>> {
    let since = &options.since;
    let hint =
        || format!("the changes after {since} are unknown; check a clone with all commits, or name one with --since");
    let commits = git(&["log", "--no-merges", "--format=%h %s", &format!("{since}..HEAD")]).with_context(hint)?;
    let mut violations: Vec<_> = commits.lines().filter_map(in_subject).collect();
    if !options.all {
        let options = ["diff", "--unified=0", "--no-color", "--no-ext-diff", "--find-renames", since, "--"];
        violations.extend(in_lines(&git(&options).with_context(hint)?));
    }
    progress::line("Checked", format_args!("{} commits after {since}", commits.lines().count()));
    Ok(violations)
}

/// The output of Git in the workspace.
fn git(arguments: &[&str]) -> anyhow::Result<String> {
    process::output_of("git", &cmd("git", arguments).dir(workspace::root()))
}

/// The violations in the added lines of a difference without context.
fn in_lines(diff: &str) -> Vec<Violation> {
    let (mut violations, mut file, mut number) = (Vec::new(), None, 0_usize);
    for line in diff.lines() {
        if let Some(path) = line.strip_prefix("+++ ") {
            file = path.strip_prefix("b/").filter(|path| is_checked(path));
        } else if let Some(hunk) = line.strip_prefix("@@ ") {
            let start = hunk.split('+').nth(1).and_then(|new| new.split([',', ' ']).next());
            number = start.and_then(|start| start.parse().ok()).unwrap_or(0);
        } else if let (Some(added), Some(path)) = (line.strip_prefix('+'), file) {
            violations.extend(in_line(path, number, added));
            number += 1;
        }
    }
    violations
}

/// The violations in one line of a file.
fn in_line(path: &str, number: usize, line: &str) -> Vec<Violation> {
    let found = prose::of(path, line).into_iter().flat_map(|prose| terms::violations(&prose));
    found.map(|what| Violation { place: format!("{path}:{number}"), what }).collect()
}

/// Whether a file has prose of ours. The lists of terms name the words that they forbid.
fn is_checked(path: &str) -> bool {
    let ending = Path::new(path).extension().and_then(|ending| ending.to_str());
    let is_list = path.starts_with("xtask/src/language") || path == "docs/glossary.md";
    ending.is_some_and(|ending| prose::ENDINGS.contains(&ending)) && !is_list
}

/// The violation in `HASH SUBJECT` of a commit.
fn in_subject(commit: &str) -> Option<Violation> {
    let (hash, subject) = commit.split_once(' ')?;
    let length = subject.chars().count();
    let summary = subject.split_once(": ").map(|(_, summary)| summary);
    let is_capital = summary.and_then(|summary| summary.chars().next()).is_some_and(char::is_uppercase);
    let what = if length > SUBJECT {
        format!("the subject has {length} characters; write at most {SUBJECT}")
    } else if summary.is_none() || is_capital {
        format!("`{subject}`; write `area: imperative summary`")
    } else {
        terms::violations(subject).into_iter().next()?
    };
    Some(Violation { place: format!("commit {hash}"), what })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "diff --git a/a.rs b/a.rs\n--- a/a.rs\n+++ b/a.rs\n@@ -1,0 +7,3 @@ fn f\n\
        +// Nobody calls it.\n+let nobody = \"a good text\";\n+let text = \"in this folder\";\n\
        @@ -20 +23 @@\n-// Somebody was here.\n+// The caller checks it.\n\
        --- a/golden.txt\n+++ b/golden.txt\n@@ -1 +1 @@\n+nobody\n";

    #[test]
    fn added_prose_is_checked_and_code_old_lines_and_other_files_are_not() {
        let violations = in_lines(DIFF);
        let places: Vec<_> = violations.iter().map(|violation| violation.place.as_str()).collect();
        assert_eq!(places, ["a.rs:7", "a.rs:9"], "{violations:?}");
        assert!(violations[1].to_string().contains("directory"), "{}", violations[1]);
    }

    #[test]
    fn subjects_of_commits_have_an_area_and_a_length() {
        let what = |subject: &str| in_subject(&format!("abc {subject}")).map(|violation| violation.what);
        assert_eq!(what("xtask: name a missing cargo"), None);
        let long = format!("xtask: {}", "a".repeat(SUBJECT));
        for bad in
            [long.as_str(), "name a missing cargo", "xtask: Name a missing cargo", "xtask: look behind the folder"]
        {
            assert!(what(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn the_difference_to_an_unknown_commit_is_an_error_with_a_next_step() {
        let error = format!("{:#}", run(&LanguageArgs { since: "no-such-commit".into(), all: false }).unwrap_err());
        assert!(error.contains("name one with --since"), "{error}");
    }
}
