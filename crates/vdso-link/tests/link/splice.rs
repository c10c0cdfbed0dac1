// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The splice into fixture images.

use crate::fixture::{Base, EXPORTS, assemble, checked};
use crate::judge::judge;
use goblin::elf::Elf;
use std::path::Path;
use vdso_abi::exports::{DATA_SYMBOLS, EXPORTS_WITHOUT_PROBE};
use vdso_link::layout::{OWN_PAGE, SHARED_PAGE};
use vdso_link::link::splice::splice;
use vdso_link::{Image, LinkedImage};

/// Splices the fixture object into a fixture image.
fn spliced(base: Base) -> LinkedImage {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble(folder.path(), "exports", EXPORTS));
    splice(&object, base.link(folder.path())).unwrap()
}

/// Where an export begins, and what a 32-bit field at `offset` from there refers to.
fn target(image: &Image, export: &str, opcode: &[u8], offset: u64) -> i64 {
    let elf = Elf::parse(image.data()).unwrap();
    let symbol = elf.dynsyms.iter().find(|symbol| elf.dynstrtab.get_at(symbol.st_name) == Some(export)).unwrap();
    let at = (symbol.st_value + offset) as usize;
    let (code, field) = image.data()[at..].split_at(opcode.len());
    assert_eq!(code, opcode, "{export}+{offset:#x}");
    at as i64 + opcode.len() as i64 + 4 + i64::from(i32::from_le_bytes(field[..4].try_into().unwrap()))
}

/// The code refers to where the kernel has its data, and to its own constants and functions.
fn references(spliced: &LinkedImage) {
    let image = &spliced.image;
    let leas: [&[u8]; 3] = [&[0x48, 0x8d, 0x05], &[0x48, 0x8d, 0x0d], &[0x48, 0x8d, 0x15]];
    for (index, (lea, symbol)) in leas.into_iter().zip(DATA_SYMBOLS).enumerate() {
        let value = target(image, "__vdso_vgetrandom", lea, 7 * index as u64);
        assert_eq!(Some(value), spliced.layout.value_of(symbol), "{symbol}");
    }
    if !spliced.exports.iter().any(|export| export.name == "__vdso_getrandom") {
        return;
    }
    let forty = target(image, "__vdso_getrandom", &[0x8b, 0x1d], 1) as usize;
    assert_eq!(image.data()[forty..][..4], 40_u32.to_le_bytes());
    let two = target(image, "__vdso_getrandom", &[0xe8], 7) as usize;
    assert_eq!(image.data()[two..][..6], [0xb8, 2, 0, 0, 0, 0xc3]);
    assert!(two.is_multiple_of(64), "the alignment of a section is kept");
}

#[test]
fn an_image_without_getrandom_gets_the_four_argument_function_only() {
    let spliced = spliced(Base::WITHOUT_GETRANDOM);
    assert_eq!(spliced.layout, SHARED_PAGE);
    judge(&spliced);
    references(&spliced);
    let count = |image: &Image| Elf::parse(image.data()).unwrap().dynsyms.len();
    assert_eq!(count(&spliced.image), count(spliced.original.as_ref().unwrap()) + EXPORTS_WITHOUT_PROBE.len());
}

#[test]
fn an_existing_getrandom_is_replaced() {
    let spliced = spliced(Base::WITH_GETRANDOM);
    assert_eq!(spliced.layout, OWN_PAGE);
    judge(&spliced);
    references(&spliced);
    let count = |image: &Image| Elf::parse(image.data()).unwrap().dynsyms.len();
    assert_eq!(count(&spliced.image), count(spliced.original.as_ref().unwrap()) + 2);
}

#[test]
fn equal_inputs_give_equal_bytes() {
    assert_eq!(spliced(Base::WITH_GETRANDOM).image.data(), spliced(Base::WITH_GETRANDOM).image.data());
}

#[test]
fn what_was_not_mapped_is_kept_behind_the_load_segment() {
    let spliced = spliced(Base::WITHOUT_GETRANDOM);
    let original = spliced.original.as_ref().unwrap();
    let (old, new) = (Elf::parse(original.data()).unwrap(), Elf::parse(spliced.image.data()).unwrap());
    let mut kept = 0;
    for (index, section) in old.section_headers.iter().enumerate() {
        let name = old.shdr_strtab.get_at(section.sh_name).unwrap();
        assert_eq!(new.shdr_strtab.get_at(new.section_headers[index].sh_name), Some(name));
        if !section.is_alloc() && index > 0 {
            let content = &original.data()[section.file_range().unwrap()];
            assert!(
                spliced.image.data()[new.section_headers[index].file_range().unwrap()].starts_with(content),
                "{name}"
            );
            assert!(new.section_headers[index].sh_offset >= new.program_headers[0].p_filesz, "{name}");
            kept += 1;
        }
    }
    assert!(kept >= 4, "the fixture has .comment, .symtab, .strtab and .shstrtab");
}

#[test]
fn an_image_without_section_headers_is_served_too() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble(folder.path(), "exports", EXPORTS));
    let mut data = Base::WITH_GETRANDOM.link(folder.path()).data().to_vec();
    data[40..48].fill(0); // e_shoff
    data[58..64].fill(0); // e_shentsize, e_shnum, e_shstrndx
    let end = Elf::parse(&data).unwrap().program_headers[0].p_filesz;
    data.truncate(end as usize);
    let bare = Image::from_bytes(Path::new("bare.so"), data).unwrap();
    let spliced = splice(&object, bare).unwrap();
    judge(&spliced);
    references(&spliced);
    assert!(Elf::parse(spliced.image.data()).unwrap().section_headers.is_empty());
}
