// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Damage that no assembler writes.

use crate::cases::{Case, Edit};
use object::LittleEndian as LE;
use object::elf;
use object::read::elf::{ElfFile64, FileHeader as _, SectionHeader as _};

pub fn cases() -> Vec<Case> {
    let case = |name, rule, change| Case { name, rule, also: &[], edit: Edit::Bytes(change) };
    vec![
        case("identity-type", "header/identity", |bytes| put(bytes, 16, &[3])),
        case("identity-abi", "header/identity", |bytes| put(bytes, 7, &[3])),
        case("identity-flags", "header/identity", |bytes| put(bytes, 48, &[1])),
        case("stack-note-executable", "header/stack-note", |bytes| {
            let flags = section(bytes, ".note.GNU-stack").header + 8;
            put(bytes, flags, &[4]);
        }),
        case("stack-note-missing", "header/stack-note", |bytes| {
            let name = bytes.windows(15).position(|window| window == b".note.GNU-stack").expect("the note is there");
            put(bytes, name, b".note.FOO-stack");
        }),
        case("place-one-off", "relocations/place", |bytes| {
            // `cmpb $0, vvar__vdso_rng_data+8(%rip)` is the only one with this addend.
            let entry = relocation(bytes, ".rela.text.entry", |_, addend| addend == 8 - 5);
            bytes[entry] += 1;
        }),
        case("place-wild", "relocations/place", |bytes| {
            let entry = relocation(bytes, ".rela.text.entry", |_, addend| addend == 8 - 5);
            put(bytes, entry, &(u64::MAX - 2).to_le_bytes());
        }),
        case("ranges-overlap", "unwind/ranges", |bytes| {
            // The FDE of the first cipher routine grows up to the first byte of the second.
            let field = fde_len(bytes, ".text.cipher", 0);
            let next = fde_starts(bytes, ".text.cipher")[1] as u32;
            put(bytes, field, &(next + 1).to_le_bytes());
        }),
        case("ranges-outside", "unwind/ranges", |bytes| {
            let field = fde_len(bytes, ".text.fill", 0);
            put(bytes, field, &0x1000_u32.to_le_bytes());
        }),
    ]
}

/// Where a section is, as offsets in the file.
pub struct Found {
    /// Of its entry in the section header table.
    pub header: usize,
    /// Of its bytes.
    pub data: usize,
    /// Its index.
    pub index: usize,
}

/// Finds a section by name.
pub fn section(bytes: &[u8], name: &str) -> Found {
    let file = ElfFile64::<LE>::parse(bytes).expect("the object is well-formed");
    let table = file.elf_section_table();
    let mut sections = table.enumerate();
    let (index, header) = sections
        .find(|(_, header)| table.section_name(LE, header) == Ok(name.as_bytes()))
        .unwrap_or_else(|| panic!("no section {name}"));
    let headers = file.elf_header().e_shoff(LE) as usize;
    Found {
        header: headers + index.0 * size_of::<elf::SectionHeader64<LE>>(),
        data: header.sh_offset(LE) as usize,
        index: index.0,
    }
}

/// Puts bytes at an offset of the file.
pub fn put(bytes: &mut [u8], offset: usize, new: &[u8]) {
    bytes[offset..][..new.len()].copy_from_slice(new);
}

/// Offset in the file of the first entry of a relocation section that has the wanted symbol index and addend.
pub fn relocation(bytes: &[u8], name: &str, wanted: impl Fn(u32, i64) -> bool) -> usize {
    let found = section(bytes, name);
    let entry = relocations(bytes, name).iter().position(|rela| wanted(rela.r_sym(LE, false), rela.r_addend.get(LE)));
    found.data + entry.expect("there is such a relocation") * size_of::<elf::Rela64<LE>>()
}

fn relocations<'a>(bytes: &'a [u8], name: &str) -> &'a [elf::Rela64<LE>] {
    let file = ElfFile64::<LE>::parse(bytes).expect("the object is well-formed");
    let (_, header) = file.elf_section_table().section_by_name(LE, name.as_bytes()).expect("there are relocations");
    header.rela(LE, bytes).expect("they can be read").expect("they have addends").0
}

/// The relocations of `.eh_frame` that begin an FDE for a section, with the offset in the section that each names.
fn fdes(bytes: &[u8], text: &str) -> Vec<(u64, i64)> {
    let index = section(bytes, text).index;
    let file = ElfFile64::<LE>::parse(bytes).expect("the object is well-formed");
    let symbols = file.elf_symbol_table().symbols();
    let of_text =
        |rela: &&elf::Rela64<LE>| symbols[rela.r_sym(LE, false) as usize].st_shndx.get(LE).0 as usize == index;
    relocations(bytes, ".rela.eh_frame")
        .iter()
        .filter(of_text)
        .map(|rela| (rela.r_offset.get(LE), rela.r_addend.get(LE)))
        .collect()
}

fn fde_starts(bytes: &[u8], text: &str) -> Vec<i64> {
    fdes(bytes, text).into_iter().map(|(_, start)| start).collect()
}

/// Offset in the file of the length of the `nth` FDE for a section: it follows the start.
fn fde_len(bytes: &[u8], text: &str, nth: usize) -> usize {
    section(bytes, ".eh_frame").data + fdes(bytes, text)[nth].0 as usize + 4
}
