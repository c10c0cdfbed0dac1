// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The record that an application of the glue leaves in the tree: how to recognise it, and how to undo it.

use super::git;
use super::patch::{self, Direction, Patch};
use super::tree::KernelTree;
use crate::digest::sha256;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Changed whenever the meaning of the record changes.
const FORMAT: u32 = 1;

/// The whole record, a JSON file in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    format: u32,
    /// One application. While one replaces another, it is those two, so that a tree in which the replacement was
    /// interrupted can still be recognised file by file.
    applications: Vec<Application>,
}

/// One state of the tree with glue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Files of the tree, by path.
    pub patched: BTreeMap<String, Patched>,
    /// SHA-256 of our own files, by path.
    pub added: BTreeMap<String, String>,
    /// Directories that were created for our files.
    pub directories: BTreeSet<String>,
}

/// A file of the tree that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patched {
    /// SHA-256 before.
    original: String,
    /// SHA-256 after.
    result: String,
    /// Unified diff from before to after; applied in reverse to undo it.
    diff: String,
}

impl Patched {
    /// Keeps the step from one version of each file to the other.
    ///
    /// # Errors
    /// A changed line is not UTF-8.
    pub fn all(versions: &BTreeMap<String, [Vec<u8>; 2]>) -> anyhow::Result<BTreeMap<String, Self>> {
        let slices = versions.iter().map(|(path, [old, new])| (path.as_str(), [&old[..], &new[..]]));
        let mut hunks = git::hunks_between(slices)?;
        let patched = versions.iter().map(|(path, [original, result])| {
            let diff = format!("--- original\n+++ modified\n{}", hunks.remove(path).unwrap_or_default());
            (path.clone(), Self { original: sha256(original), result: sha256(result), diff })
        });
        Ok(patched.collect())
    }

    /// Inserted and deleted lines.
    pub fn line_counts(&self) -> (usize, usize) {
        let count = |sign: char| self.diff.lines().skip(2).filter(|line| line.starts_with(sign)).count();
        (count('+'), count('-'))
    }

    /// `now` without the change.
    ///
    /// # Errors
    /// The lines of the change are no longer as they were made.
    fn undo(&self, now: &[u8]) -> anyhow::Result<Vec<u8>> {
        let hunks = self.diff.find("@@ ").map_or("", |hunks| &self.diff[hunks..]);
        let patch = Patch { name: "the record".into(), text: format!("--- a/file\n+++ b/file\n{hunks}") };
        let mut undone = patch::apply_all(&[patch], Direction::Reverse, |_| Ok(Some(now.to_vec())))?;
        undone.remove("file").context("no hunks")
    }
}

impl Record {
    /// A record of the given applications, the newest last.
    pub fn of(applications: &[&Application]) -> Self {
        Self { format: FORMAT, applications: applications.iter().map(|&application| application.clone()).collect() }
    }

    /// Reads the record of a tree; `None` if the tree has no record.
    ///
    /// # Errors
    /// It cannot be read, or is of another version.
    pub fn load(tree: &KernelTree) -> anyhow::Result<Option<Self>> {
        let path = tree.root.join(tree.series.record_path());
        if !path.exists() {
            return Ok(None);
        }
        let wanted = || {
            format!(
                "{}: not a record of this version of the glue; undo the glue with the version that applied it, \
                 or start from a fresh tree",
                path.display()
            )
        };
        let record: Self = serde_json::from_slice(&fs_err::read(&path)?).with_context(wanted)?;
        if record.format != FORMAT || record.applications.is_empty() {
            bail!(wanted());
        }
        Ok(Some(record))
    }

    /// The bytes of the record's file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("strings and numbers only");
        bytes.push(b'\n');
        bytes
    }

    /// All applications that files of the tree may come from, the newest last.
    pub fn applications(&self) -> Vec<&Application> {
        self.applications.iter().collect()
    }

    /// Every path of the tree that the glue has to do with.
    pub fn paths(&self) -> BTreeSet<&str> {
        self.applications
            .iter()
            .flat_map(|application| application.patched.keys().chain(application.added.keys()))
            .map(String::as_str)
            .collect()
    }

    /// Every directory that was created for the glue.
    pub fn directories(&self) -> BTreeSet<String> {
        self.applications.iter().flat_map(|application| application.directories.iter().cloned()).collect()
    }

    /// The bytes that `path` held before the glue came, `None` inside for "no file", deduced from what it holds now.
    ///
    /// A file of the tree may have changed since, as by a stable update: while its own lines of the glue are as they were
    /// made, they are taken out of it. Nothing is returned if they are not.
    pub fn original(&self, path: &str, now: Option<&[u8]>) -> Option<Option<Vec<u8>>> {
        let exact = self.applications.iter().find_map(|application| {
            if let Some(digest) = application.added.get(path) {
                return now.is_none_or(|now| sha256(now) == *digest).then_some(None);
            }
            let patched = application.patched.get(path)?;
            let now = now?;
            let digest = sha256(now);
            if digest == patched.original {
                return Some(Some(now.to_vec()));
            }
            let is_result = digest == patched.result;
            is_result.then(|| patched.undo(now).ok()).flatten().filter(|it| sha256(it) == patched.original).map(Some)
        });
        // Of two applications, one might be taken for the other here.
        let [only] = &self.applications[..] else { return exact };
        exact.or_else(|| only.patched.get(path)?.undo(now?).ok().map(Some))
    }
}
