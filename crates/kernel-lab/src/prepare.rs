// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `--kernel TREE`: the glue and the object go into the user's tree, or out of it again.

use super::glue::{self, Glue};
use super::make::Build;
use super::plan::{Change, Plan};
use super::tree::{KernelTree, recognise};
use crate::digest::sha256;
use crate::packages::{self, Tier};
use crate::{progress, workspace};
use anyhow::anyhow;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Options for a kernel tree.
#[derive(Clone, Debug)]
pub struct Options {
    /// The kernel tree; `None`: do nothing.
    pub kernel: Option<PathBuf>,
    /// Whether to build the tree afterwards.
    pub build: bool,
    /// Whether to remove the object and the glue again.
    pub revert: bool,
}

impl Options {
    /// The tree that is to be put back, which needs no object.
    pub fn to_revert(&self) -> Option<&Path> {
        self.kernel.as_deref().filter(|_| self.revert)
    }
}

/// The outcome of an application or a reversion.
#[derive(Serialize)]
pub struct Outcome {
    tree: String,
    release: String,
    changes: Vec<String>,
    /// The image of a build.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
}

/// Checks the options before anything is built.
///
/// # Errors
/// The tree is of no known series, dirty or partly patched, or programs that build it are missing.
pub fn require(options: &Options) -> anyhow::Result<()> {
    let Some(root) = &options.kernel else { return Ok(()) };
    let tree = recognise(root)?;
    // The object is built later.
    Plan::apply(&tree, &Glue::without_object(&glue::directory(), tree.series)?)?;
    if options.build {
        packages::require(&[Tier::KernelBuild], false)?;
    }
    Ok(())
}

/// Puts the object into the tree that the options name, if they name one, and builds it if they say so.
///
/// # Errors
/// As for [`apply`] and [`build`]. The glue stays in a tree whose build fails.
pub fn run(options: &Options, object: &Path) -> anyhow::Result<Option<Outcome>> {
    let Some(root) = &options.kernel else { return Ok(None) };
    let (tree, mut outcome) = apply(root, object)?;
    if options.build {
        let image = build(&tree).map_err(|error| {
            let next =
                "the glue stays in the tree: run the same command again when the cause is gone, or with --revert";
            anyhow!("{error:#}\n{}: {next}", workspace::shown(root))
        })?;
        let image = workspace::shown(&image);
        progress::line("Built", &image);
        outcome.image = Some(image);
    }
    Ok(Some(outcome))
}

/// Puts `object` and the glue of the tree's series into the tree, or updates an earlier application; shows each change.
///
/// # Errors
/// The tree is of no known series, dirty or partly patched, or cannot be written; it is then unchanged.
fn apply(root: &Path, object: &Path) -> anyhow::Result<(KernelTree, Outcome)> {
    let tree = recognise(root)?;
    let plan = Plan::apply(&tree, &Glue::load(&glue::directory(), tree.series, object)?)?;
    let outcome = carry_out(&tree, &plan, "Patching", "has this glue and this object already")?;
    Ok((tree, outcome))
}

/// Puts the tree back into the state that it had before [`apply`].
///
/// # Errors
/// The tree has no glue of ours, or its files were changed since; it is then unchanged.
pub fn revert(root: &Path) -> anyhow::Result<Outcome> {
    let tree = recognise(root)?;
    let plan = Plan::revert(&tree, &Glue::without_object(&glue::directory(), tree.series)?)?;
    carry_out(&tree, &plan, "Reverting", "holds its own files already, so only the record goes")
}

fn carry_out(tree: &KernelTree, plan: &Plan, verb: &str, unchanged: &str) -> anyhow::Result<Outcome> {
    let name = format!("{} (Linux {})", workspace::shown(&tree.root), tree.release);
    if plan.changes.is_empty() {
        progress::line("Fresh", format_args!("{name} {unchanged}"));
    } else {
        progress::line(verb, name);
        for change in &plan.changes {
            progress::line("", change);
        }
    }
    plan.commit()?;
    let (tree, release) = (tree.root.display().to_string(), tree.release.clone());
    Ok(Outcome { tree, release, changes: plan.changes.iter().map(Change::to_string).collect(), image: None })
}

/// Builds a tree that was prepared, and returns the image's place.
///
/// # Errors
/// The kernel's build fails; the message ends with its last lines.
fn build(tree: &KernelTree) -> anyhow::Result<PathBuf> {
    let source = fs_err::canonicalize(&tree.root)?;
    let key = &sha256(source.as_os_str().as_encoded_bytes())[..8];
    let directory = super::target().join(format!("{}-build-{key}", tree.series.name));
    let log = directory.join("build.log");
    let build = if source.join(".config").exists() {
        let build = Build { output: source.clone(), source, log };
        build.update_configuration()?;
        build
    } else {
        let build = Build { source, output: directory.join("build"), log };
        build.configure(&glue::options()?)?;
        build
    };
    build.build()?;
    Ok(build.bzimage())
}
