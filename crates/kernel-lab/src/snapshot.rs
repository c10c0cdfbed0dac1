// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A snapshot of a directory, for tests that compare it before and after.

use crate::transaction::mode_of;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Bytes and permission bits of a file; nothing for a directory.
pub type Entry = Option<(Vec<u8>, u32)>;

/// Reads everything below a directory.
pub fn snapshot(root: &Path) -> BTreeMap<PathBuf, Entry> {
    let entries = WalkDir::new(root).min_depth(1).into_iter().map(|entry| {
        let path = entry.unwrap().into_path();
        let file = path.is_file().then(|| (fs_err::read(&path).unwrap(), mode_of(&path).unwrap().unwrap()));
        (path, file)
    });
    entries.collect()
}
