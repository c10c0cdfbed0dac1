// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The version definitions.

use super::{Subject, hex, text};
use vdso_elf::dynamic::Dynamic;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;
use vdso_elf::versions::definitions;

/// All definitions by name, in the order of the chain.
pub(super) fn versions(elf: &ElfFile<'_>) -> Vec<Subject> {
    let definitions = definitions(&Dynamic::of(elf));
    let subjects = definitions.into_iter().map(|it| {
        let fields = vec![
            ("names", if it.base { "the file" } else { "a version" }.to_owned()),
            ("vd_version", it.revision.to_string()),
            ("vd_flags", hex(it.flags.0)),
            ("vd_cnt", it.names.to_string()),
            ("vd_ndx", it.index.to_string()),
            ("vd_hash", hex(it.hash)),
        ];
        let name = it.name.map_or("?".into(), text);
        Subject::new(format!("version[{name}]"), Place::new(".gnu.version_d", it.offset), fields)
    });
    subjects.collect()
}
