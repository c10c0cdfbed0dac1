// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Whether results can be written to the places that the user names: asked before anything is built for them.

use anyhow::{Context, bail, ensure};
use std::path::Path;

/// A file that is to be written: its directory must be there, and take new files.
///
/// # Errors
/// The path names no file, its directory is missing, or it cannot be written to.
pub fn file(path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    ensure!(path.file_name().is_some() && !path.is_dir(), "{shown}: a directory; name a file");
    let parent = path.parent().filter(|parent| *parent != "").unwrap_or(Path::new("."));
    ensure!(
        parent.exists(),
        "{shown}: there is no directory {}; create it, or name a file in one that is there",
        parent.display()
    );
    takes_files(parent)
}

/// Checks a directory that exists or will be created: its nearest existing parent must be writable.
///
/// # Errors
/// A file is in its place, or the directory above it cannot be written to.
pub fn directory(path: &Path) -> anyhow::Result<()> {
    let above = path.ancestors().map(|above| if above == "" { Path::new(".") } else { above });
    // A dangling symbolic link counts as existing.
    let nearest = above.into_iter().find(|above| above.symlink_metadata().is_ok());
    match nearest {
        Some(nearest) => takes_files(nearest),
        None => bail!("{}: none of its parent directories exists; name another directory", path.display()),
    }
}

/// Creates a file to find out: permissions do not show read-only file systems.
fn takes_files(directory: &Path) -> anyhow::Result<()> {
    let shown = directory.display();
    ensure!(directory.is_dir(), "{shown}: not a directory; name another directory for the results");
    tempfile::tempfile_in(directory)
        .with_context(|| format!("{shown}: not writable; name another directory for the results"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(outcome: anyhow::Result<()>) -> String {
        format!("{:#}", outcome.unwrap_err())
    }

    #[test]
    fn a_file_needs_a_directory_that_takes_files() {
        let parent = tempfile::tempdir().unwrap();
        let there = parent.path().join("there");
        file(&there).unwrap();
        std::fs::write(&there, "").unwrap();
        file(&there).unwrap();
        file(Path::new("name-without-a-directory")).unwrap();
        assert!(error(file(parent.path())).contains("a directory; name a file"));
        let missing = error(file(&parent.path().join("no/such/file")));
        assert!(missing.contains("no/such/file: there is no directory") && missing.contains("create it"), "{missing}");
        assert!(error(file(&there.join("below"))).contains("there: not a directory"));
        assert!(error(file(Path::new("/proc/file"))).contains("/proc: not writable"));
        assert!(parent.path().read_dir().unwrap().count() == 1, "the check leaves no file");
    }

    #[test]
    fn a_directory_may_be_made_where_the_nearest_one_takes_files() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        std::fs::write(&file, "").unwrap();
        directory(parent.path()).unwrap();
        directory(&parent.path().join("new/deep")).unwrap();
        directory(Path::new("relative/new")).unwrap();
        for wrong in [file.clone(), file.join("below"), "/proc/new/deep".into()] {
            let error = error(directory(&wrong));
            assert!(error.contains("name another directory for the results"), "{error}");
        }
        assert!(!parent.path().join("new").exists(), "nothing is made");
    }
}
