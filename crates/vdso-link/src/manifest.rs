// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `manifest.json`: what went into a build, what made it, what was looked at, and what came out.
//!
//! Two builds of one commit give equal manifests, in any directory and on any machine: nothing in it tells a
//! place or a time, and every list is sorted by name.

use crate::Report;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Component, Path};
use vdso_elf::error::Error;

/// The record of one build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Manifest {
    inputs: BTreeMap<String, File>,
    tools: BTreeMap<String, String>,
    examined: BTreeMap<String, BTreeMap<&'static str, usize>>,
    outputs: BTreeMap<String, File>,
}

/// A file by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct File {
    /// In bytes.
    size: usize,
    /// In hexadecimal digits.
    sha256: String,
}

impl Manifest {
    /// Nothing recorded yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a file that was read: a source, the linker script, the object, the image that was spliced into.
    ///
    /// # Errors
    /// [`Error::Refused`] for a name that is absolute or leads upwards.
    pub fn input(&mut self, path: &Path, data: &[u8]) -> Result<(), Error> {
        self.inputs.insert(name(path)?, File::of(data));
        Ok(())
    }

    /// Records a program by what it says about its version; of several lines the first.
    pub fn tool(&mut self, program: &str, version: &str) {
        self.tools.insert(program.into(), version.lines().next().unwrap_or_default().trim().into());
    }

    /// Records for each rule how many things it looked at in a file.
    ///
    /// # Errors
    /// [`Error::Refused`] for a name that is absolute or leads upwards.
    pub fn examined(&mut self, path: &Path, report: &Report) -> Result<(), Error> {
        self.examined.insert(name(path)?, report.examined());
        Ok(())
    }

    /// Records a file that was written.
    ///
    /// # Errors
    /// [`Error::Refused`] for a name that is absolute or leads upwards.
    pub fn output(&mut self, path: &Path, data: &[u8]) -> Result<(), Error> {
        self.outputs.insert(name(path)?, File::of(data));
        Ok(())
    }

    /// The text of `manifest.json`.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("strings and numbers always serialize");
        text.push('\n');
        text
    }
}

impl File {
    fn of(data: &[u8]) -> Self {
        let digest = Sha256::digest(data);
        Self { size: data.len(), sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect() }
    }
}

/// The name of a file, which must be relative and not lead upwards: an absolute path would reveal the directories of a user.
///
/// # Errors
/// [`Error::Refused`]
fn name(path: &Path) -> Result<String, Error> {
    let inside = path.components().all(|component| matches!(component, Component::Normal(_)));
    let name = path.to_str().filter(|name| inside && !name.is_empty());
    name.map(str::to_owned).ok_or_else(|| Error::Refused {
        path: path.into(),
        what: "a manifest names files relative to the workspace or the output directory".into(),
        next: "strip the directory from the name".into(),
    })
}
