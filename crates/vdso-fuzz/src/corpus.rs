// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Kept inputs: a file for each target, with one recipe in a line.

use crate::{Recipe, Seeds, Target};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The most edits of a kept input. An input with few edits shows its purpose.
const MOST_EDITS: usize = 5;

/// Returns the file with the kept inputs of a target.
pub fn path(target: Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target.name()).with_extension("txt")
}

/// Returns the kept recipes of a target.
///
/// # Errors
/// The file cannot be read, or a line of it is no recipe.
pub fn kept(target: Target, seeds: &Seeds) -> io::Result<Vec<Recipe>> {
    let recipe = |line: &str| {
        let wrong = || io::Error::other(format!("{}: no recipe: {line}", path(target).display()));
        Recipe::of_text(line, target.seeds(seeds)).ok_or_else(wrong)
    };
    fs::read_to_string(path(target))?.lines().map(recipe).collect()
}

/// Writes the kept recipes as files into a directory, for the fuzzer.
///
/// # Errors
/// As [`kept`], and if the directory is not writable.
pub fn unpack(target: Target, seeds: &Seeds, directory: &Path) -> io::Result<()> {
    write(&kept(target, seeds)?, directory)
}

/// Copies the inputs that can be kept from one directory to another: they mean the same on every machine, and have few edits.
///
/// # Errors
/// A file cannot be read or written.
pub fn select(target: Target, seeds: &Seeds, from: &Path, to: &Path) -> io::Result<()> {
    let lines = lines(target, seeds, from)?;
    let short = lines.iter().filter(|line| line.split_whitespace().count() <= 1 + MOST_EDITS);
    let recipes: Vec<_> = short.filter_map(|line| Recipe::of_text(line, target.seeds(seeds))).collect();
    write(&recipes, to)
}

/// Replaces the kept inputs of a target by the files in a directory.
///
/// # Errors
/// A file cannot be read or written.
pub fn keep(target: Target, seeds: &Seeds, directory: &Path) -> io::Result<()> {
    let lines = lines(target, seeds, directory)?;
    fs::write(path(target), lines.into_iter().map(|line| line + "\n").collect::<String>())
}

/// Returns the inputs in a directory as text, sorted, without those that mean nothing on another machine.
fn lines(target: Target, seeds: &Seeds, directory: &Path) -> io::Result<BTreeSet<String>> {
    let mut lines = BTreeSet::new();
    for entry in fs::read_dir(directory)? {
        let recipe = Recipe::of_bytes(&fs::read(entry?.path())?);
        lines.extend(recipe.to_text(target.seeds(seeds)));
    }
    Ok(lines)
}

fn write(recipes: &[Recipe], directory: &Path) -> io::Result<()> {
    for (number, recipe) in recipes.iter().enumerate() {
        fs::write(directory.join(format!("kept-{number}")), recipe.to_bytes())?;
    }
    Ok(())
}
