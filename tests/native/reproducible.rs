// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Two builds of the same sources in two folders give the same bytes.
//!
//! The copies stay, and are brought up to date instead of being made anew, so that a second run of the test builds only what
//! has changed.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What a build must give alike.
const PRODUCTS: [&str; 4] = ["vgetrandom.o", "vdso64.so.dbg", "vdso64.so", "manifest.json"];

/// Not part of the sources.
const SKIPPED: [&str; 2] = [".git", "target"];

fn names(folder: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let names = entries.map(|entry| entry.expect("a folder can be read to its end").file_name());
    names.filter(|name| !SKIPPED.iter().any(|skipped| name == skipped)).collect()
}

/// Makes `to` equal to `from`. Files that are equal already keep their time of change.
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

/// Runs a command to its good end.
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Copies the workspace to `folder` and builds there; returns the products in their order.
fn build(workspace: &Path, xtask: &Path, folder: &Path) -> [Vec<u8>; PRODUCTS.len()] {
    mirror(workspace, folder);
    let out = folder.join("target/vdso");
    let arguments = ["build-vdso", "--quiet", "--out"];
    // As `cargo run` sets it: the program works for the workspace in which it is run.
    run(Command::new(xtask).args(arguments).arg(&out).env("CARGO_MANIFEST_DIR", folder.join("xtask")));
    assert!(folder.join("target/object").exists(), "the object was built elsewhere");
    PRODUCTS.map(|name| {
        let path = out.join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    })
}

#[test]
fn two_folders_give_equal_bytes() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the root");
    run(Command::new(env!("CARGO")).args(["build", "--quiet", "--package", "xtask"]).current_dir(workspace));
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let xtask = scratch.with_file_name("debug").join("xtask");
    // Folders of different lengths, so that not even the size of a name can agree by chance.
    let folders = ["one", "another-with-a-longer-name"].map(|name| scratch.join("reproducible").join(name));
    let [first, second] = folders.map(|folder| build(workspace, &xtask, &folder));
    for (name, (first, second)) in PRODUCTS.iter().zip(first.iter().zip(&second)) {
        let differing = first.iter().zip(second).position(|(a, b)| a != b);
        assert_eq!((differing, first.len()), (None, second.len()), "{name} differs between two folders");
    }
}
