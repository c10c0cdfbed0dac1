// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The record that an application of the glue leaves in the tree: how to recognise it, and how to undo it.

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
    /// Folders that were made for our files.
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
    /// Keeps the step from one text to the other.
    pub fn new(original: &str, result: &str) -> Self {
        let diff = diffy::create_patch(original, result).to_string();
        Self { original: sha256(original.as_bytes()), result: sha256(result.as_bytes()), diff }
    }

    /// Inserted and deleted lines.
    pub fn line_counts(&self) -> (usize, usize) {
        let count = |sign: char| self.diff.lines().skip(2).filter(|line| line.starts_with(sign)).count();
        (count('+'), count('-'))
    }

    /// The original text, if `text` is the result.
    fn undo(&self, text: &str) -> Option<String> {
        let patch = diffy::Patch::from_str(&self.diff).ok()?;
        let original = diffy::apply(text, &patch.reverse()).ok()?;
        (sha256(original.as_bytes()) == self.original).then_some(original)
    }
}

impl Record {
    /// A record of the given applications, the newest last.
    pub fn of(applications: &[&Application]) -> Self {
        Self { format: FORMAT, applications: applications.iter().map(|&application| application.clone()).collect() }
    }

    /// Reads the record of a tree; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read, or is none of this version.
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

    /// Every folder that was made for files of the glue.
    pub fn directories(&self) -> BTreeSet<String> {
        self.applications.iter().flat_map(|application| application.directories.iter().cloned()).collect()
    }

    /// What `path` held before the glue came, `None` inside for "no file", deduced from what it holds now.
    ///
    /// Nothing is returned if it holds neither what it held before nor what an application made of it.
    pub fn original(&self, path: &str, now: Option<&[u8]>) -> Option<Option<Vec<u8>>> {
        self.applications.iter().find_map(|application| {
            if let Some(digest) = application.added.get(path) {
                return now.is_none_or(|now| sha256(now) == *digest).then_some(None);
            }
            let patched = application.patched.get(path)?;
            let now = now?;
            let digest = sha256(now);
            if digest == patched.original {
                Some(Some(now.to_vec()))
            } else if digest == patched.result {
                let original = patched.undo(std::str::from_utf8(now).ok()?)?;
                Some(Some(original.into_bytes()))
            } else {
                None
            }
        })
    }
}
