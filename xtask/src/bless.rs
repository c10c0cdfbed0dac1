// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask bless`: rewrites every file of the repository that is generated from another one, and the messages and dumps
//! that tests expect.

use crate::{abi_header, rules_page, toolchain};
use duct::cmd;
use kernel_lab::{process, progress, workspace};
use std::path::Path;

/// Options of `cargo xtask bless`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct BlessArgs {
    /// Write nothing; fail if a file is out of date
    #[arg(long)]
    pub check: bool,
}

/// A generated file: its path in the repository, and its text.
type Generated = (&'static str, fn() -> String);

const GENERATED: [Generated; 2] = [(abi_header::PATH, abi_header::text), (rules_page::PATH, rules_page::text)];

/// The tests that compare with files and rewrite them if `BLESS` is set: bad inputs with their messages, and
/// dumps. The harness of the bad inputs takes one filter; their names contain the id of a rule.
const GOLDEN: [&[&str]; 2] =
    [&["--test", "object_rules", "--test", "image_rules", "--", "::"], &["--test", "link", "--", "dump::"]];

/// Rewrites the generated files, or with `check` prints their differences; returns whether all are up to date.
///
/// # Errors
/// A file cannot be written.
pub fn run(check: bool) -> anyhow::Result<bool> {
    let stale = run_in(workspace::root(), check, &GENERATED)?;
    // The gate runs these tests by themselves.
    if !check {
        progress::line("Writing", "the messages and dumps that tests expect");
        for tests in GOLDEN {
            let arguments = ["test", "--quiet", "--package", "vdso-link"].iter().chain(tests);
            process::output_of("cargo test", &cmd(toolchain::cargo()?, arguments).env("BLESS", "1"))?;
        }
    }
    let is_fresh = stale.is_empty();
    if !is_fresh {
        let stale = stale.join("\n");
        progress::complain(format_args!("generated files: out of date; run `cargo xtask bless` and commit:\n{stale}"));
    }
    Ok(is_fresh)
}

/// The files that stay stale, each with the difference.
fn run_in(root: &Path, check: bool, generated: &[Generated]) -> anyhow::Result<Vec<String>> {
    let mut stale = Vec::new();
    for (name, text) in generated {
        let (path, wanted) = (root.join(name), text());
        let present = fs_err::read_to_string(&path).unwrap_or_default();
        if present == wanted {
            continue;
        }
        if check {
            stale.push(format!("{name}:\n{}", diffy::create_patch(&present, &wanted)));
        } else {
            progress::line("Writing", name);
            fs_err::create_dir_all(path.parent().unwrap_or(root))?;
            fs_err::write(&path, wanted)?;
        }
    }
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_file_is_shown_and_then_rewritten() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let generated: [Generated; 1] = [("deep/file.h", || "#define A 2\n".into())];
        fs_err::create_dir(root.join("deep")).unwrap();
        fs_err::write(root.join("deep/file.h"), "#define A 1\n").unwrap();

        let stale = run_in(root, true, &generated).unwrap().join("");
        assert!(stale.contains("deep/file.h") && stale.contains("-#define A 1\n+#define A 2\n"), "{stale}");
        assert!(run_in(root, false, &generated).unwrap().is_empty());
        assert!(run_in(root, true, &generated).unwrap().is_empty());
        fs_err::remove_file(root.join("deep/file.h")).unwrap();
        assert_eq!(run_in(root, true, &generated).unwrap().len(), 1, "a missing file is stale");
    }
}
