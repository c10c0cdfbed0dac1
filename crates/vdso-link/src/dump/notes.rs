// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The notes.

use super::{Subject, digest, pairs, text};
use object::LittleEndian as LE;
use vdso_elf::notes::notes as read;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;

/// As many bytes of a descriptor as fit a line.
const SHOWN: usize = 64;

/// All notes by owner and type, in the order of the segments.
pub(super) fn notes(elf: &ElfFile<'_>) -> Vec<Subject> {
    let subjects = read(elf).map(|note| {
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
