// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Where a field stands in the header that it is a field of.

use object::LittleEndian as LE;
use object::elf::{FileHeader64, ProgramHeader64};
use std::mem::offset_of;
use vdso_elf::place::Place;

type Header = FileHeader64<LE>;
type Segment = ProgramHeader64<LE>;

/// The place of a field, by its name in the ABI, in a thing at `place`; a field without a place is where the thing is.
pub(super) fn place_of(field: &str, place: &Place) -> Place {
    let offset = match field {
        "e_type" => offset_of!(Header, e_type),
        "e_machine" => offset_of!(Header, e_machine),
        "e_version" => offset_of!(Header, e_version),
        "e_entry" => offset_of!(Header, e_entry),
        "e_phoff" => offset_of!(Header, e_phoff),
        "e_shoff" => offset_of!(Header, e_shoff),
        "e_flags" => offset_of!(Header, e_flags),
        "e_ehsize" => offset_of!(Header, e_ehsize),
        "e_phentsize" => offset_of!(Header, e_phentsize),
        "e_phnum" => offset_of!(Header, e_phnum),
        "e_shentsize" => offset_of!(Header, e_shentsize),
        "e_shnum" => offset_of!(Header, e_shnum),
        "e_shstrndx" => offset_of!(Header, e_shstrndx),
        "p_flags" => offset_of!(Segment, p_flags),
        "p_offset" => offset_of!(Segment, p_offset),
        "p_vaddr" => offset_of!(Segment, p_vaddr),
        "p_paddr" => offset_of!(Segment, p_paddr),
        "p_filesz" => offset_of!(Segment, p_filesz),
        "p_memsz" => offset_of!(Segment, p_memsz),
        "p_align" => offset_of!(Segment, p_align),
        _ => 0,
    };
    Place { offset: place.offset.saturating_add(offset as u64), ..place.clone() }
}
