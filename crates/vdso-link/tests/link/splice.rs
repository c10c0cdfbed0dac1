// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The splice into fixture images.

use crate::judge::judge;
use goblin::elf::Elf;
use iced_x86::{Decoder, DecoderOptions};
use object::LittleEndian as LE;
use std::collections::BTreeSet;
use std::path::Path;
use vdso_abi::exports::{DATA_SYMBOLS, EXPORTS_WITHOUT_PROBE};
use vdso_fixtures::base::Base;
use vdso_fixtures::object::good;
use vdso_link::layout::{OWN_PAGE, SHARED_PAGE};
use vdso_link::link::splice::splice;
use vdso_link::{Image, LinkedImage};

/// Splices the fixture object into a fixture image.
fn spliced(base: Base) -> LinkedImage {
    splice(good(), base.image()).unwrap()
}

/// The mapped part of an image, as a process has it: without section headers.
pub fn bare(image: &Image) -> Image {
    let end = image.elf().unwrap().elf_program_headers()[0].p_filesz.get(LE);
    let mut data = image.data()[..end as usize].to_vec();
    data[40..48].fill(0); // e_shoff
    data[58..64].fill(0); // e_shentsize, e_shnum, e_shstrndx
    Image::from_bytes(Path::new("bare.so"), data).unwrap()
}

/// The code refers to where the kernel has its data, and to its own constants and functions.
fn references(spliced: &LinkedImage) {
    let (data, elf) = (spliced.image.data(), Elf::parse(spliced.image.data()).unwrap());
    let start = spliced.original.as_ref().unwrap().elf().unwrap().elf_program_headers()[0].p_filesz.get(LE);
    let start = start.next_multiple_of(64);
    let end = elf.dynamic.as_ref().unwrap().info.hash.unwrap();
    let decoder = Decoder::with_ip(64, &data[start as usize..end as usize], start, DecoderOptions::NONE);
    let (mut memory, mut calls) = (BTreeSet::new(), BTreeSet::new());
    for instruction in decoder {
        if instruction.is_ip_rel_memory_operand() {
            memory.insert(instruction.ip_rel_memory_address() as i64);
        }
        if instruction.is_call_near() {
            calls.insert(instruction.near_branch_target());
        }
    }
    for symbol in DATA_SYMBOLS {
        assert!(memory.contains(&spliced.layout.value_of(symbol).unwrap()), "{symbol} is not in {memory:x?}");
    }
    // A field that is not the last of its instruction has another addend.
    assert!(memory.contains(&(spliced.layout.vdso_rng_data + 8)));
    let sigma = data.windows(16).position(|window| window == b"expand 32-byte k").unwrap();
    assert!(memory.contains(&(sigma as i64)), "{sigma:#x} is not in {memory:x?}");
    // mov $318, %eax; syscall
    let system_call = data.windows(7).position(|window| window == [0xb8, 0x3e, 1, 0, 0, 0x0f, 5]).unwrap();
    assert!(calls.contains(&(system_call as u64)), "{system_call:#x} is not in {calls:x?}");
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
            let is = &spliced.image.data()[new.section_headers[index].file_range().unwrap()];
            // Symbols are put in between, local ones before the others.
            assert!(is.starts_with(content) || name == ".symtab", "{name}");
            assert!(new.section_headers[index].sh_offset >= new.program_headers[0].p_filesz, "{name}");
            kept += 1;
        }
    }
    assert!(kept >= 4, "the fixture has .remark, .symtab, .strtab and .shstrtab");
}

#[test]
fn an_image_without_section_headers_is_served_too() {
    let object = good();
    let spliced = splice(object, bare(&Base::WITH_GETRANDOM.image())).unwrap();
    judge(&spliced);
    references(&spliced);
    assert!(Elf::parse(spliced.image.data()).unwrap().section_headers.is_empty());
}
