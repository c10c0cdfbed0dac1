// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Copies of the workspace, and builds in them.
//!
//! A copy stays, and is brought up to date instead of being made anew, so that the next build in it builds only what has
//! changed.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Not part of the sources.
const SKIPPED: [&str; 2] = [".git", "target"];

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the root")
}

/// Makes the folder `to` equal to the workspace. Files that are equal already keep their time of change.
pub fn copy(to: &Path) {
    mirror(root(), to);
}

fn names(folder: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let names = entries.map(|entry| entry.expect("a folder can be read to its end").file_name());
    names.filter(|name| !SKIPPED.iter().any(|skipped| name == skipped)).collect()
}

fn mirror(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("target is writable");
    let wanted = names(from);
    for name in names(to).into_iter().filter(|name| !wanted.contains(name)) {
        let stale = to.join(name);
        if stale.is_dir() { fs::remove_dir_all(stale) } else { fs::remove_file(stale) }.expect("target is writable");
    }
    for name in wanted {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            mirror(&from, &to);
        } else {
            let contents = fs::read(&from).expect("the sources are readable");
            if fs::read(&to).ok().as_ref() != Some(&contents) {
                fs::write(&to, contents).expect("target is writable");
            }
        }
    }
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

    /// Builds the object and the images of the copy in `folder`; returns the folder of products.
    pub fn build_vdso(&self, folder: &Path) -> PathBuf {
        let out = folder.join("target/vdso");
        let arguments = ["build-vdso", "--quiet", "--out"];
        // As `cargo run` sets it: the program works for the workspace in which it is run.
        run(Command::new(&self.0).args(arguments).arg(&out).env("CARGO_MANIFEST_DIR", folder.join("xtask")));
        assert!(folder.join("target/object").exists(), "the object was built elsewhere");
        out
    }
}
