// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Two builds of the same sources in two folders give the same bytes.
//!
//! The copies lie under `target/` and are brought up to date instead of being made anew, so that a second run of the test
//! builds only what has changed.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
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

/// Builds a copy of the workspace in `folder`; returns its products by their names.
fn build(folder: &Path, tools: &Path) -> Vec<Vec<u8>> {
    mirror(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), folder);
    let out = folder.join("target/vdso");
    let built = Command::new(env!("CARGO"))
        .args(["xtask", "build-vdso", "--quiet", "--out"])
        .arg(&out)
        .current_dir(folder)
        // Cargo's lock on the folder of this very test is held while it runs.
        .env("CARGO_TARGET_DIR", tools)
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "{}: {}", folder.display(), String::from_utf8_lossy(&built.stderr));
    PRODUCTS
        .map(|name| fs::read(out.join(name)).unwrap_or_else(|error| panic!("{}: {error}", out.join(name).display())))
        .into()
}

#[test]
fn two_folders_give_equal_bytes() {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/reproducible");
    // Folders of different lengths, so that not even the size of a name can agree by chance.
    let folders: [PathBuf; 2] = ["one", "another-with-a-longer-name"].map(|name| target.join(name));
    let [first, second] = folders.each_ref().map(|folder| build(folder, &target.join("tools")));
    for (name, (first, second)) in PRODUCTS.iter().zip(first.iter().zip(&second)) {
        let differing = first.iter().zip(second).position(|(a, b)| a != b);
        assert_eq!((differing, first.len()), (None, second.len()), "{name} differs between two folders");
    }
}
