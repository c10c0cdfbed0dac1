// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Malformed objects: `check` returns one error that names the offset, and never panics.

use goblin::elf::Elf;
use std::ops::Range;
use vdso_fixtures::object::{good, verdict};
use vdso_link::Error;

/// Returns the error about a malformed object.
fn malformed(bytes: Vec<u8>) -> String {
    match verdict(bytes) {
        Err(error @ Error::Malformed { .. }) => error.to_string(),
        Err(error) => panic!("another error: {error}"),
        Ok(Ok(_)) => panic!("no rule found anything"),
        Ok(Err(report)) => panic!("the rules were applied: {report}"),
    }
}

/// Returns the error about the good object with other bytes at an offset.
fn changed(offset: usize, new: &[u8]) -> String {
    let mut bytes = bytes().to_vec();
    bytes[offset..][..new.len()].copy_from_slice(new);
    malformed(bytes)
}

fn bytes() -> &'static [u8] {
    good().object().data()
}

/// Returns the offset of a section header, and the range of the section's content.
fn section(name: &str) -> (usize, Range<usize>) {
    let elf = Elf::parse(bytes()).unwrap();
    let index = elf.section_headers.iter().position(|it| elf.shdr_strtab.get_at(it.sh_name) == Some(name)).expect(name);
    (elf.header.e_shoff as usize + 64 * index, elf.section_headers[index].file_range().expect("it has content"))
}

#[test]
fn check_names_the_machine_of_an_object_for_another() {
    assert_eq!(
        changed(18, &[183]),
        "vgetrandom.o: at offset 0x12: a file for EM_AARCH64; wanted a complete ELF64 little-endian file for x86-64; \
         name another file, or make this one anew"
    );
}

#[test]
fn check_names_the_offset_of_a_relocation_by_an_absent_symbol() {
    let entry = section(".rela.text.entry").1.start;
    let error = changed(entry + 12, &[0xff; 4]);
    assert!(error.contains(&format!("at offset {entry:#x}: a relocation by symbol 4294967295")), "{error}");
}

#[test]
fn check_names_the_offset_of_a_symbol_in_an_absent_section() {
    let entry = section(".symtab").1.start + 24;
    let error = changed(entry + 6, &[0x77, 0x77]);
    assert!(error.contains(&format!("at offset {entry:#x}: a symbol in section 30583")), "{error}");
}

#[test]
fn check_rejects_relocations_of_an_absent_section() {
    let error = changed(section(".rela.text.entry").0 + 44, &[0xff; 4]);
    assert!(error.contains("sh_info"), "{error}");
}

#[test]
fn check_names_the_offset_of_unreadable_frame_descriptions() {
    let eh_frame = section(".eh_frame").1.start;
    let error = changed(eh_frame, &[0x77; 4]);
    assert!(error.contains(&format!("at offset {eh_frame:#x}: .eh_frame cannot be parsed")), "{error}");
}

#[test]
fn check_names_the_length_of_a_truncated_object() {
    let length = bytes().len() - 1;
    let error = malformed(bytes()[..length].to_vec());
    assert!(error.contains(&format!("at offset {length:#x}: the file ends")), "{error}");
}

#[test]
fn check_rejects_a_32_bit_object() {
    let error = changed(4, &[1]);
    assert!(error.contains("0x4: a 32-bit file"), "{error}");
}

#[test]
fn check_rejects_a_big_endian_object() {
    let error = changed(5, &[2]);
    assert!(error.contains("0x5: a big-endian file"), "{error}");
}

#[test]
fn check_rejects_another_magic_number() {
    let error = changed(0, &[0]);
    assert!(error.contains("0x0: no ELF file"), "{error}");
}

#[test]
fn check_rejects_a_script() {
    let error = malformed(b"#!/bin/sh\n".to_vec());
    assert!(error.contains("no ELF file; wanted a complete ELF64 little-endian file"), "{error}");
}

#[test]
fn check_rejects_an_empty_file() {
    let error = malformed(Vec::new());
    assert!(error.contains("an empty file"), "{error}");
}

#[test]
fn check_accepts_no_truncated_object() {
    for length in (0..bytes().len()).step_by(64) {
        assert!(!matches!(verdict(bytes()[..length].to_vec()), Ok(Ok(_))), "the first {length} bytes passed");
    }
}

#[test]
fn check_never_panics_on_an_inverted_byte() {
    for offset in 0..bytes().len() {
        let mut bytes = bytes().to_vec();
        bytes[offset] ^= 0xff;
        // Any verdict is correct: some bytes mean nothing.
        let _ = verdict(bytes);
    }
}
