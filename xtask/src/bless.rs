// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask bless`: rewrites every file of the repository that is generated from another one.

use crate::workspace;
use crate::{abi_header, progress};
use anyhow::bail;
use std::path::Path;

/// Options of `cargo xtask bless`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct BlessArgs {
    /// Write nothing; fail if a file is not what would be written
    #[arg(long)]
    pub check: bool,
}

/// A generated file: its path in the repository, and its text.
type Generated = (&'static str, fn() -> String);

const GENERATED: [Generated; 1] = [(abi_header::PATH, abi_header::text)];

/// Rewrites the generated files, or with `check` compares them.
///
/// # Errors
/// A file cannot be written; with `check`, the first lines in which files differ from what would be written.
pub fn run(check: bool) -> anyhow::Result<()> {
    run_in(workspace::root(), check, &GENERATED)
}

fn run_in(root: &Path, check: bool, generated: &[Generated]) -> anyhow::Result<()> {
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
    if !stale.is_empty() {
        bail!("not what would be generated; run `cargo xtask bless`, and commit:\n{}", stale.join("\n"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_file_is_shown_and_then_rewritten() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let generated: [Generated; 1] = [("deep/file.h", || "#define A 2\n".into())];
        fs_err::create_dir(root.join("deep")).unwrap();
        fs_err::write(root.join("deep/file.h"), "#define A 1\n").unwrap();

        let error = run_in(root, true, &generated).unwrap_err().to_string();
        assert!(error.contains("deep/file.h") && error.contains("-#define A 1\n+#define A 2\n"), "{error}");
        run_in(root, false, &generated).unwrap();
        run_in(root, true, &generated).unwrap();
        fs_err::remove_file(root.join("deep/file.h")).unwrap();
        assert!(run_in(root, true, &generated).is_err(), "a missing file is stale");
    }
}
