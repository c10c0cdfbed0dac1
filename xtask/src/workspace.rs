// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Where the parts of this repository lie.

use anyhow::bail;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The root of the repository: of the one that `cargo` runs this program for, else of the one that it was built in.
///
/// A folder of builds that several copies share holds one such program for all of them, because Cargo tells packages in a
/// workspace apart by their path within it.
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        PathBuf::from(package).parent().expect("xtask lies in the root").into()
    });
    &ROOT
}

/// Where builds go: never into the sources.
pub fn target() -> PathBuf {
    root().join("target")
}

/// Where `build-vdso` writes, unless it is told otherwise.
pub fn vdso_output() -> PathBuf {
    target().join("vdso")
}

/// A path as the user would type it: relative to the current folder where it lies below.
pub fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

/// All files below a folder, sorted; none if there is no such folder.
///
/// # Errors
/// A folder cannot be read, or holds something that is neither file nor folder.
pub fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = folder.is_dir().then(|| folder.to_owned()).into_iter().collect();
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder)? {
            let entry = entry?;
            // A symbolic link is neither file nor folder here: it could lead in circles.
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            } else {
                bail!("{}: neither a file nor a folder", entry.path().display());
            }
        }
    }
    found.sort();
    Ok(found)
}
