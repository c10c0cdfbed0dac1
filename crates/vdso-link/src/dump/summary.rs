// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The image at large.

use super::{Subject, hex};
use crate::DataPageLayout;
use vdso_elf::memory::Memory;
use vdso_elf::notes::linux_version;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;

/// Its kernel, and how much of the file a process sees.
pub(super) fn image(elf: &ElfFile<'_>) -> Vec<Subject> {
    let version = linux_version(elf);
    let linux =
        version.map_or("not stated".into(), |code| format!("{}.{}.{}", code >> 16, code >> 8 & 0xff, code & 0xff));
    let layout = version.and_then(DataPageLayout::of_version).map_or("not known", |layout| layout.name);
    let fields = vec![
        ("linux", linux),
        ("layout", layout.into()),
        ("mapped", hex(Memory::of(elf).range().end)),
        ("file", hex(elf.data().len() as u64)),
    ];
    vec![Subject::new("image", Place::default(), fields)]
}
