// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The notes.

use super::{Subject, digest, pairs, text};
use crate::object_file::ElfFile;
use crate::read;
use crate::rule::Place;
use object::LittleEndian as LE;

/// As many bytes of a descriptor as fit a line.
const SHOWN: usize = 64;

/// All notes by owner and type, in the order of the segments.
pub(super) fn notes(elf: &ElfFile<'_>) -> Vec<Subject> {
    let subjects = read::notes::notes(elf).map(|note| {
        let bytes = note.desc();
        let desc = match bytes.len() {
            0 => "empty".into(),
            1..=SHOWN => pairs(bytes),
            length => format!("{length} bytes {}", digest(bytes)),
        };
        let name = format!("note[{} {}]", text(note.name()), note.n_type(LE).0);
        Subject::new(name, Place::new("PT_NOTE", 0), vec![("desc", desc)])
    });
    subjects.collect()
}
