// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The notes, found through `PT_NOTE`.

use crate::parser::ElfFile;
use object::LittleEndian as LE;
use object::elf::FileHeader64;
use object::read::elf::{Note, ProgramHeader as _};

/// All complete notes of all segments, up to the first broken one of each.
pub fn notes<'data>(elf: &ElfFile<'data>) -> impl Iterator<Item = Note<'data, FileHeader64<LE>>> {
    let data = elf.data();
    let segments = elf.elf_program_headers().iter();
    let segments = segments.filter_map(move |segment| segment.notes(LE, data).ok().flatten());
    segments.flat_map(|notes| notes.map_while(Result::ok))
}

/// `LINUX_VERSION_CODE` of the kernel that an image was built with, from the note that the kernel's build leaves in it
/// (Linux `arch/x86/entry/vdso/note.S`: owner `Linux`, type 0).
pub fn linux_version(elf: &ElfFile<'_>) -> Option<u32> {
    let note = notes(elf).find(|note| note.name() == b"Linux" && note.n_type(LE).0 == 0)?;
    Some(u32::from_le_bytes(note.desc().try_into().ok()?))
}
