// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask language`: the English of every line, the links of documents, and the subjects of commits after the rule.

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
    /// Check the subjects of commits after this commit
    #[arg(long, value_name = "COMMIT", default_value = SINCE)]
    since: String,
}

impl Default for LanguageArgs {
    fn default() -> Self {
        Self { since: SINCE.into() }
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

/// Prints every violation, a count for each term, and returns whether there is none.
///
/// A shallow clone does not contain all commits: their subjects are skipped there with a line.
///
/// # Errors
/// Git is missing, or does not know the commit.
pub fn run(options: &LanguageArgs) -> anyhow::Result<bool> {
    let names = git(&["ls-files", "-z"])?;
    let mut violations = tree::links(workspace::root(), &names)?;
    violations.extend(tree::lines(workspace::root(), &names)?);
    if git(&["rev-parse", "--is-shallow-repository"])?.trim() == "true" {
        progress::line("Skipped", "subjects of commits: a shallow clone does not contain all of them");
    } else {
        violations.extend(subjects(&options.since)?);
    }
    for violation in &violations {
        progress::complain(violation);
    }
    for (what, count) in tree::counts(&violations) {
        progress::line("Counted", format_args!("{count:5}  {what}"));
    }
    progress::line("Checked", format_args!("{} files", names.split('\0').filter(|name| is_checked(name)).count()));
    Ok(violations.is_empty())
}

/// The violations in the subjects of commits after `since`.
fn subjects(since: &str) -> anyhow::Result<Vec<Violation>> {
    let commits = git(&["log", "--no-merges", "--format=%h %s", &format!("{since}..HEAD")]).with_context(|| {
        format!("the commits after {since} are unknown; check a clone with all commits, or name one with --since")
    })?;
    progress::line("Checked", format_args!("{} commits after {since}", commits.lines().count()));
    Ok(commits.lines().filter_map(in_subject).collect())
}

/// The output of Git in the workspace.
fn git(arguments: &[&str]) -> anyhow::Result<String> {
    process::output_of("git", &cmd("git", arguments).dir(workspace::root()))
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
    fn an_unknown_commit_is_an_error_with_a_next_step() {
        let error = format!("{:#}", run(&LanguageArgs { since: "no-such-commit".into() }).unwrap_err());
        assert!(error.contains("name one with --since"), "{error}");
    }
}
