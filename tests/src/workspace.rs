// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Copies of the workspace, and builds in them.
//!
//! A copy stays and is brought up to date, so that the next build in it builds only what has changed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use vdso_fixtures::mirror::mirror;

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the root")
}

/// Makes the directory `to` equal to the workspace.
pub fn copy(to: &Path) {
    mirror(root(), to);
}

/// Runs a command to its end.
pub fn output(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Runs a command to its good end.
fn run(command: &mut Command) {
    let output = output(command);
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The commands of the workspace, built.
pub struct Xtask(PathBuf);

impl Xtask {
    /// Builds them. `scratch` is the test's `CARGO_TARGET_TMPDIR`.
    pub fn built(scratch: &Path) -> Self {
        run(Command::new(env!("CARGO")).args(["build", "--quiet", "--package", "xtask"]).current_dir(root()));
        Self(scratch.with_file_name("debug").join("xtask"))
    }

    /// Builds the object and the images of the copy in `copied`; returns the directory of the products.
    pub fn build_vdso(&self, copied: &Path) -> PathBuf {
        let out = copied.join("target/vdso");
        let arguments = ["build-vdso", "--quiet", "--skip-proof", "--out"];
        // As `cargo run` sets it: the program works for the workspace in which it is run.
        run(Command::new(&self.0).args(arguments).arg(&out).env("CARGO_MANIFEST_DIR", copied.join("xtask")));
        assert!(copied.join("target/object").exists(), "the object was built elsewhere");
        out
    }
}
