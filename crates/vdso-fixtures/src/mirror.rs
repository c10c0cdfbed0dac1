// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Copies of source directories, in which tests build variants.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// Not part of the sources.
const SKIPPED: [&str; 2] = [".git", "target"];

/// Makes the directory `to` equal to `from`.
///
/// Files that are equal already keep their time of change, so that a later build in a copy builds only what has changed.
///
/// # Panics
/// If a file cannot be read or written.
pub fn mirror(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
    let wanted = names(from);
    for name in names(to).into_iter().filter(|name| !wanted.contains(name)) {
        let stale = to.join(name);
        let removed = if stale.is_dir() { fs::remove_dir_all(&stale) } else { fs::remove_file(&stale) };
        removed.unwrap_or_else(|error| panic!("{}: {error}", stale.display()));
    }
    for name in wanted {
        let (from, to) = (from.join(&name), to.join(&name));
        if from.is_dir() {
            mirror(&from, &to);
        } else {
            write(&to, &fs::read(&from).unwrap_or_else(|error| panic!("{}: {error}", from.display())));
        }
    }
}

/// Writes a file, unless it has these contents already.
///
/// # Panics
/// If the file cannot be written.
pub fn write(path: &Path, contents: &[u8]) {
    if fs::read(path).ok().as_deref() != Some(contents) {
        fs::write(path, contents).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

fn names(directory: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let names = entries.map(|entry| entry.expect("a directory can be read to its end").file_name());
    names.filter(|name| !SKIPPED.iter().any(|skipped| name == skipped)).collect()
}
