// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The changes of an application or a reversion of the glue, computed completely before the first byte is written.

use super::glue::Glue;
use super::patch::{self, Direction};
use super::record::{Application, Patched, Record};
use super::tree::KernelTree;
use crate::digest::sha256;
use crate::transaction::{self, Step};
use anyhow::{Context, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

/// Files of a tree by path, with `None` for "no file".
type Contents = BTreeMap<String, Option<Vec<u8>>>;

/// A change of one file that the user is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Lines of the tree's own file are inserted and deleted, counted against the original.
    Patch(String, usize, usize),
    /// A file of ours comes.
    Add(String),
    /// A file of ours is replaced by another version.
    Update(String),
    /// The tree's own file becomes what it was.
    Restore(String),
    /// A file of ours goes.
    Remove(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Patch(path, inserted, deleted) => write!(f, "patch   {path} (+{inserted} -{deleted})"),
            Self::Add(path) => write!(f, "add     {path}"),
            Self::Update(path) => write!(f, "update  {path}"),
            Self::Restore(path) => write!(f, "restore {path}"),
            Self::Remove(path) => write!(f, "remove  {path}"),
        }
    }
}

/// Everything that will be done to a tree.
#[derive(Debug)]
pub struct Plan {
    root: PathBuf,
    /// The changes of files, in the order of their paths; none if the tree is as wanted already.
    pub changes: Vec<Change>,
    steps: Vec<Step>,
    /// Every file that this or an earlier run had to do with.
    paths: Vec<String>,
    /// Directories that the glue created, removed if empty; the deepest first.
    emptied: Vec<String>,
}

impl Plan {
    /// The step from what a tree holds to `glue`.
    ///
    /// # Errors
    /// The tree is dirty or partly patched, or a patch does not fit: all such places, one per line.
    pub fn apply(tree: &KernelTree, glue: &Glue) -> anyhow::Result<Self> {
        let record = Record::load(tree)?;
        let (now, mut wanted) = match &record {
            Some(record) => originals(tree, record)?,
            None => Default::default(),
        };
        let root = &tree.root;
        let release = &tree.release;
        let original = |path: &str| match wanted.get(path) {
            Some(original) => Ok(original.clone()),
            None => read(root, path),
        };

        let mut application = Application::default();
        let mut occupied = Vec::new();
        for (path, bytes) in &glue.files {
            if original(path)?.is_some() {
                occupied.push(format!("{path}: exists already, and not by this glue"));
            }
            application.added.insert(path.clone(), sha256(bytes));
        }
        let patched = patch::apply_all(&glue.patches, Direction::Forward, original);
        let misfits = patched.as_ref().err().map(|error| format!("{error:#}"));
        if !occupied.is_empty() || misfits.is_some() {
            occupied.extend(misfits);
            bail!(
                "{}: the glue does not fit this tree of Linux {release}; nothing was changed:\n  {}\n\
                 use an unpatched tree of a release of {}",
                root.display(),
                occupied.join("\n").replace('\n', "\n  "),
                tree.series.name
            );
        }
        let patched = patched?;
        let versions = patched
            .iter()
            .map(|(path, result)| Ok((path.clone(), [original(path)?.unwrap_or_default(), result.clone()])));
        application.patched = Patched::all(&versions.collect::<anyhow::Result<_>>()?)?;
        wanted.extend(patched.into_iter().map(|(path, result)| (path, Some(result))));
        wanted.extend(glue.files.iter().map(|(path, bytes)| (path.clone(), Some(bytes.clone()))));
        application.directories = missing_directories(root, &glue.files);
        if let Some(record) = &record {
            application.directories.extend(record.directories());
        }
        Self::between(tree, now, wanted, record.as_ref(), Some(&application))
    }

    /// Plans the way from a tree with the glue to the tree before it. Without a record, `glue` gives the changes to undo.
    ///
    /// # Errors
    /// The tree has no glue, or lines of the glue were changed since.
    pub fn revert(tree: &KernelTree, glue: &Glue) -> anyhow::Result<Self> {
        let record = match Record::load(tree)? {
            Some(record) => record,
            None => reconstructed(tree, glue)?,
        };
        let (now, wanted) = originals(tree, &record)?;
        Self::between(tree, now, wanted, Some(&record), None)
    }

    /// Carries out the plan.
    ///
    /// # Errors
    /// A file cannot be written; the tree is then unchanged.
    pub fn commit(&self) -> anyhow::Result<()> {
        transaction::sweep(&self.root, self.paths.iter().map(String::as_str))?;
        transaction::commit(&self.root, &self.steps)?;
        for directory in &self.emptied {
            let directory = self.root.join(directory);
            // A file that is not ours keeps it; an interrupted application may not have created it.
            if directory.is_dir() && fs_err::read_dir(&directory)?.next().is_none() {
                fs_err::remove_dir(&directory)?;
            }
        }
        Ok(())
    }

    /// The steps between two states of the tree's files, and between two records.
    fn between(
        tree: &KernelTree,
        mut now: Contents,
        wanted: Contents,
        old: Option<&Record>,
        new: Option<&Application>,
    ) -> anyhow::Result<Self> {
        let paths = wanted.keys().cloned().collect();
        let mut changes = Vec::new();
        let mut files = Vec::new();
        for (path, wanted) in wanted {
            let now = match now.remove(&path) {
                Some(now) => now,
                None => read(&tree.root, &path)?,
            };
            if now == wanted {
                continue;
            }
            let patched = new.and_then(|new| new.patched.get(&path)).map(Patched::line_counts);
            changes.push(match (patched, &now, &wanted) {
                (Some((inserted, deleted)), ..) => Change::Patch(path.clone(), inserted, deleted),
                (None, None, Some(_)) => Change::Add(path.clone()),
                (None, _, None) => Change::Remove(path.clone()),
                (None, Some(_), Some(_)) if new.is_some_and(|new| new.added.contains_key(&path)) => {
                    Change::Update(path.clone())
                }
                (None, Some(_), Some(_)) => Change::Restore(path.clone()),
            });
            files.push(match wanted {
                Some(bytes) => Step::Write(path, bytes),
                None => Step::Remove(path),
            });
        }

        // The record comes first and goes last, so that every state in between is recognised.
        let record = tree.series.record_path();
        let write = |applications: &[&Application]| Step::Write(record.clone(), Record::of(applications).to_bytes());
        let steps = match (old, new) {
            (None, Some(new)) => std::iter::once(write(&[new])).chain(files).collect(),
            (Some(old), Some(new)) if files.is_empty() && old.applications() == [new] => Vec::new(),
            (Some(old), Some(new)) => {
                let mut both = old.applications();
                both.push(new);
                std::iter::once(write(&both)).chain(files).chain([write(&[new])]).collect()
            }
            (old, None) => {
                // A lost record is written again, for the case that this run is killed.
                let is_lost = !tree.root.join(&record).exists();
                let again = old.filter(|_| is_lost).map(|old| write(&old.applications()));
                again.into_iter().chain(files).chain([Step::Remove(record.clone())]).collect()
            }
        };
        let emptied = match (old, new) {
            (Some(old), None) => old.directories().into_iter().rev().collect(),
            _ => Vec::new(),
        };
        Ok(Self { root: tree.root.clone(), changes, steps, paths, emptied })
    }
}

/// The record of a tree that has lost its own: as `glue` would have written it.
fn reconstructed(tree: &KernelTree, glue: &Glue) -> anyhow::Result<Record> {
    let (root, object) = (&tree.root, tree.series.object_path());
    let lost = format!("{}: missing", root.join(tree.series.record_path()).display());
    let mut application = Application::default();
    for (path, bytes) in &glue.files {
        let Some(now) = read(root, path)? else { continue };
        // The object may come from an earlier build, so only its name is compared.
        ensure!(
            now == *bytes || *path == object,
            "{lost}, and {path} is not the file of this glue; nothing was changed"
        );
        application.added.insert(path.clone(), sha256(&now));
    }
    ensure!(!application.added.is_empty(), "{lost}, and the tree has no file of the glue; nothing to revert");
    let originals = patch::apply_all(&glue.patches, Direction::Reverse, |path| read(root, path))
        .with_context(|| format!("{lost}, and the patches cannot be taken out; nothing was changed"))?;
    let versions = originals.into_iter().map(|(path, original)| {
        let now = read(root, &path)?.unwrap_or_default();
        Ok((path, [original, now]))
    });
    application.patched = Patched::all(&versions.collect::<anyhow::Result<_>>()?)?;
    let parents = application.added.keys().flat_map(|path| Path::new(path).ancestors().skip(1));
    application.directories =
        parents.filter_map(|parent| parent.to_str()).filter(|it| !it.is_empty()).map(Into::into).collect();
    Ok(Record::of(&[&application]))
}

/// The present contents of a record's files, and the original ones.
fn originals(tree: &KernelTree, record: &Record) -> anyhow::Result<(Contents, Contents)> {
    let (mut now, mut before) = (Contents::new(), Contents::new());
    let mut dirty = Vec::new();
    for path in record.paths() {
        let bytes = read(&tree.root, path)?;
        match record.original(path, bytes.as_deref()) {
            Some(original) => {
                before.insert(path.to_owned(), original);
            }
            None => dirty.push(path),
        }
        now.insert(path.to_owned(), bytes);
    }
    if !dirty.is_empty() {
        bail!(
            "{}: the lines of the glue were changed since it was applied; nothing was changed:\n  {}\n\
             undo these changes, or start from a fresh tree",
            tree.root.display(),
            dirty.join("\n  ")
        );
    }
    Ok((now, before))
}

/// Reads a file of the tree; `None` if it does not exist.
fn read(root: &Path, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let full = root.join(path);
    match fs_err::symlink_metadata(&full) {
        Ok(metadata) if metadata.is_file() => Ok(Some(fs_err::read(&full)?)),
        Ok(_) => bail!("{}: not a plain file, so it is not touched; use a plain copy of the tree", full.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The directories that the tree lacks for these files.
fn missing_directories(root: &Path, files: &BTreeMap<String, Vec<u8>>) -> BTreeSet<String> {
    let parents = files.keys().flat_map(|path| Path::new(path).ancestors().skip(1));
    let missing = parents.filter(|directory| !root.join(directory).exists());
    missing.filter_map(|directory| directory.to_str().map(str::to_owned)).collect()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
