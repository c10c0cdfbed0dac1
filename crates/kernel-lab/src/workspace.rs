// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Where the parts of this repository lie.

use anyhow::ensure;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use walkdir::WalkDir;

/// The root of the repository: of the one that `cargo` runs this program for, else of the one that it was built in.
///
/// Copies of the repository that share a target directory share this program too: Cargo distinguishes packages only by their
/// path within the workspace.
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let package = PathBuf::from(package);
        let root = package.ancestors().find(|above| above.join("Cargo.lock").is_file());
        root.expect("a package lies in a workspace, which has a lock file").into()
    });
    &ROOT
}

/// Where builds go: never into the sources.
pub fn target() -> PathBuf {
    root().join("target")
}

/// The default output directory of `build-vdso`.
pub fn vdso_output() -> PathBuf {
    target().join("vdso")
}

/// A path as the user would type it: relative to the current directory if it lies below.
pub fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

/// All files below a directory, sorted; none if there is no such directory.
///
/// # Errors
/// A directory cannot be read, or holds something that is neither file nor directory.
pub fn files_below(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !directory.is_dir() {
        return Ok(found);
    }
    // A symbolic link is neither file nor directory here: it could lead in circles.
    for entry in WalkDir::new(directory) {
        let entry = entry?;
        let kind = entry.file_type();
        ensure!(kind.is_dir() || kind.is_file(), "{}: neither a file nor a directory", entry.path().display());
        if kind.is_file() {
            found.push(entry.into_path());
        }
    }
    found.sort();
    Ok(found)
}
