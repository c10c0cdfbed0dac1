// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Where the parts of this repository lie.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the root")
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
