// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Kept inputs: for each target a file of recipes, one a line.

use crate::{Recipe, Seeds, Target};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The most edits of an input that is kept: one with few says what it is about.
const MOST_EDITS: usize = 5;

/// Where the kept inputs of a target are.
pub fn path(target: Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target.name()).with_extension("txt")
}

/// The kept recipes of a target.
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

/// Puts them as files into a folder, for the fuzzer.
///
/// # Errors
/// As [`kept`], and where the folder cannot be written.
pub fn unpack(target: Target, seeds: &Seeds, folder: &Path) -> io::Result<()> {
    write(&kept(target, seeds)?, folder)
}

/// Puts into a folder what of the inputs in another one can be kept: it means the same on every machine, and has few edits.
///
/// # Errors
/// Something cannot be read or written.
pub fn select(target: Target, seeds: &Seeds, from: &Path, to: &Path) -> io::Result<()> {
    let lines = lines(target, seeds, from)?;
    let short = lines.iter().filter(|line| line.split_whitespace().count() <= 1 + MOST_EDITS);
    let recipes: Vec<_> = short.filter_map(|line| Recipe::of_text(line, target.seeds(seeds))).collect();
    write(&recipes, to)
}

/// Keeps the inputs that are files in a folder, and those in place of all that were kept before.
///
/// # Errors
/// Something cannot be read or written.
pub fn keep(target: Target, seeds: &Seeds, folder: &Path) -> io::Result<()> {
    let lines = lines(target, seeds, folder)?;
    fs::write(path(target), lines.into_iter().map(|line| line + "\n").collect::<String>())
}

/// The inputs in a folder as text, in order; what means nothing on another machine is left out.
fn lines(target: Target, seeds: &Seeds, folder: &Path) -> io::Result<BTreeSet<String>> {
    let mut lines = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let recipe = Recipe::of_bytes(&fs::read(entry?.path())?);
        lines.extend(recipe.to_text(target.seeds(seeds)));
    }
    Ok(lines)
}

fn write(recipes: &[Recipe], folder: &Path) -> io::Result<()> {
    for (number, recipe) in recipes.iter().enumerate() {
        fs::write(folder.join(format!("kept-{number}")), recipe.to_bytes())?;
    }
    Ok(())
}
