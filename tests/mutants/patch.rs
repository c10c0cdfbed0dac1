// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Patches with a head.

use diffy::patch_set::{FileOperation, ParseOptions, PatchKind, PatchSet};
use std::fs;
use std::path::Path;
use vdso_inject::Event;

/// One broken variant.
pub struct Mutant {
    /// Name of its file without the ending.
    pub name: String,
    /// The clause that it breaks.
    pub clause: String,
    /// What must flag it.
    pub flagged_by: FlaggedBy,
    text: String,
}

/// What flags a mutant.
#[derive(Debug)]
pub enum FlaggedBy {
    /// An event of the injection.
    Event(Event),
    /// A test of the native tier.
    Test(String),
}

impl Mutant {
    /// All of them, by name.
    pub fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mutants");
        let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut mutants: Vec<Self> = files
            .map(|file| file.expect("a folder can be read to its end").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "patch"))
            .map(|path| Self::read(&path))
            .collect();
        mutants.sort_by(|a, b| a.name.cmp(&b.name));
        mutants
    }

    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let head = |key: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
            found.unwrap_or_else(|| panic!("{}: no line `{key}: …`", path.display())).to_owned()
        };
        let flagged_by = head("Flagged-by");
        let flagged_by = match flagged_by.strip_prefix("test ") {
            Some(test) => FlaggedBy::Test(test.into()),
            None => FlaggedBy::Event(
                Event::named(&flagged_by).unwrap_or_else(|| panic!("{}: no event {flagged_by}", path.display())),
            ),
        };
        let name = path.file_stem().expect("it has an ending").to_string_lossy().into_owned();
        Self { name, clause: head("Clause"), flagged_by, text }
    }

    /// Patches the copy of the workspace in `folder`.
    ///
    /// # Panics
    /// Where a hunk does not fit: the source that it breaks has changed, and the mutant must follow.
    pub fn apply(&self, folder: &Path) {
        for patch in PatchSet::parse(&self.text, ParseOptions::unidiff()) {
            let patch = patch.unwrap_or_else(|error| panic!("{}: {error}", self.name));
            let (FileOperation::Modify { modified, .. }, PatchKind::Text(diff)) = (patch.operation(), patch.patch())
            else {
                panic!("{}: a mutant changes lines of files", self.name)
            };
            let path = folder.join(modified.strip_prefix("b/").unwrap_or(modified));
            let before = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let after = diffy::apply(&before, diff)
                .unwrap_or_else(|error| panic!("{} does not fit {} any more: {error}", self.name, path.display()));
            fs::write(&path, after).expect("target is writable");
        }
    }
}
