// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Mutants: variants of the sources that are wrong on purpose, as edits of single statements.
//!
//! An edit names the statement that it replaces. Comments and white space do not count, so that only a change of the
//! statement breaks it, and then the error names it.

mod pieces;

use std::fs;
use std::ops::Range;
use std::path::Path;

/// A variant of the sources that a suite must flag.
pub struct Mutant<Flag: 'static> {
    /// A short name that begins with the clause.
    pub id: &'static str,
    /// The clause that it breaks.
    pub clause: &'static str,
    /// The fault, in a sentence.
    pub fault: &'static str,
    /// The event or test that must flag it.
    pub flagged_by: Flag,
    /// The statements that make it. Each is searched for in the unchanged source.
    pub edits: &'static [Edit],
}

/// A statement or an expression, and the code in its place.
pub struct Edit {
    /// The source file, from the root of the workspace.
    pub file: &'static str,
    /// Code that the file has once: for Rust whole tokens, with their brackets closed; for assembly whole lines.
    pub statement: &'static str,
    /// The code in its place; may be empty.
    pub replacement: &'static str,
}

/// A mutant does not fit the sources.
#[derive(Debug, thiserror::Error)]
#[error("mutant `{mutant}` does not fit: {file}: {why}: `{statement}`; name the statement that does the same now")]
pub struct Misfit {
    /// The id of the mutant.
    pub mutant: &'static str,
    /// The file of the edit.
    pub file: &'static str,
    /// The statement that the edit names.
    pub statement: &'static str,
    /// Why it cannot be replaced.
    pub why: Why,
}

/// Why a statement cannot be replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The file cannot be read or written.
    #[error("the file cannot be read or written ({0})")]
    File(String),
    /// The file or the statement is no sequence of tokens, or the statement has none.
    #[error("the file or the statement has no tokens")]
    NoTokens,
    /// The file does not have the statement.
    #[error("the statement is missing")]
    Missing,
    /// The file has the statement more than once.
    #[error("the statement is there {0} times")]
    Ambiguous(usize),
    /// Another edit of the same mutant replaces a part of it.
    #[error("the statement overlaps that of another edit")]
    Overlapping,
}

impl<Flag> Mutant<Flag> {
    /// Makes the mutant of the sources below `root`, which were the unchanged ones.
    ///
    /// # Errors
    /// An edit does not fit. No file is written then, unless it is the writing that fails.
    pub fn apply(&self, root: &Path) -> Result<(), Misfit> {
        for (edit, text) in self.edited(root)? {
            fs::write(root.join(edit.file), text).map_err(|error| self.misfit(edit, Why::File(error.to_string())))?;
        }
        Ok(())
    }

    /// Checks that each edit fits the sources below `root`.
    ///
    /// # Errors
    /// An edit does not fit.
    pub fn check(&self, root: &Path) -> Result<(), Misfit> {
        self.edited(root).map(drop)
    }

    /// An edit of each file with the file's new text.
    fn edited(&self, root: &Path) -> Result<Vec<(&'static Edit, String)>, Misfit> {
        let mut edited: Vec<(&'static Edit, String)> = Vec::new();
        for first in self.edits {
            if edited.iter().any(|(edit, _)| edit.file == first.file) {
                continue;
            }
            let source = fs::read_to_string(root.join(first.file))
                .map_err(|error| self.misfit(first, Why::File(error.to_string())))?;
            let mut places = Vec::new();
            for edit in self.edits.iter().filter(|edit| edit.file == first.file) {
                places.push((edit.place(&source).map_err(|why| self.misfit(edit, why))?, edit));
            }
            edited.push((first, self.replaced(source, places)?));
        }
        Ok(edited)
    }

    /// The source with the replacement at each place, from the last place on, so that the others keep their offsets.
    fn replaced(&self, mut source: String, mut places: Vec<(Range<usize>, &'static Edit)>) -> Result<String, Misfit> {
        places.sort_by_key(|(place, _)| place.start);
        let mut end = source.len();
        for (place, edit) in places.into_iter().rev() {
            if place.end > end {
                return Err(self.misfit(edit, Why::Overlapping));
            }
            end = place.start;
            source.replace_range(place, edit.replacement);
        }
        Ok(source)
    }

    fn misfit(&self, edit: &Edit, why: Why) -> Misfit {
        Misfit { mutant: self.id, file: edit.file, statement: edit.statement, why }
    }
}

impl Edit {
    /// The bytes of the source that the statement takes.
    fn place(&self, source: &str) -> Result<Range<usize>, Why> {
        let cut = |text| pieces::cut(self.file, text).filter(|pieces| !pieces.is_empty()).ok_or(Why::NoTokens);
        let (source, statement) = (cut(source)?, cut(self.statement)?);
        let is_same = |found: &&[pieces::Piece]| found.iter().zip(&statement).all(|(a, b)| a.text == b.text);
        let found: Vec<_> = source.windows(statement.len()).filter(is_same).collect();
        match found[..] {
            [found] => Ok(found[0].place.start..found[found.len() - 1].place.end),
            [] => Err(Why::Missing),
            _ => Err(Why::Ambiguous(found.len())),
        }
    }
}
