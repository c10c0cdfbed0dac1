// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Images that `splice` rejects, one test for each.

use crate::splice::bare;
use std::path::Path;
use vdso_fixtures::base::Base;
use vdso_fixtures::object::good;
use vdso_link::link::splice::splice;
use vdso_link::{Error, Image};

/// Splices the good object into an image of these bytes.
fn outcome(data: Vec<u8>) -> Result<(), Error> {
    splice(good(), Image::from_bytes(Path::new("bad.so"), data)?).map(drop)
}

/// Requires a refusal whose message contains `words`.
fn refused(data: Vec<u8>, words: &str) {
    match outcome(data) {
        Err(error @ Error::Refused { .. }) => assert!(error.to_string().contains(words), "{error}"),
        other => panic!("expected a refusal about {words:?}, got {other:?}"),
    }
}

/// Requires the error for a malformed file, with a message that contains `words`.
fn malformed(data: Vec<u8>, words: &str) {
    match outcome(data) {
        Err(error @ Error::Malformed { .. }) => assert!(error.to_string().contains(words), "{error}"),
        other => panic!("expected a malformed file: {words:?}, got {other:?}"),
    }
}

/// Declares a test for each bad image: its name, how `splice` rejects it, its bytes, and words of the message.
macro_rules! rejects {
    ($($name:ident: $kind:ident, $data:expr, $words:literal;)+) => {
        $(#[test]
        fn $name() {
            $kind($data, $words);
        })+
    };
}

rejects! {
    splice_rejects_a_spliced_image: refused, spliced(), "has a section .vgetrandom.original already";
    splice_rejects_a_spliced_image_with_a_renamed_export: refused, renamed(), "has a section .vgetrandom.original already";
    // As it is in memory: without section headers.
    splice_rejects_a_mapped_splice: refused, bare(&image(&spliced())).data().to_vec(), "exports __vdso_vgetrandom already";
    splice_rejects_linux_6_14: refused, of_version(Some(0x06_0e_03)), "Linux 6.14.3";
    splice_rejects_linux_9_0: refused, of_version(Some(0x09_00_00)), "Linux 9.0.0";
    splice_rejects_an_image_without_a_version: refused, of_version(None), "no note";
    splice_rejects_an_image_without_a_gnu_hash_table: refused, linked(Base { hash_style: "sysv", ..KERNEL }), "DT_GNU_HASH";
    splice_rejects_an_image_without_a_sysv_hash_table: refused, linked(Base { hash_style: "gnu", ..KERNEL }), "DT_HASH";
    splice_rejects_another_version_node: refused, linked(Base { node: "LINUX_5.10", ..KERNEL }), "LINUX_2.6";
    splice_rejects_elfclass32: malformed, with_byte(4, 1), "ELF64";
    splice_rejects_a_big_endian_image: malformed, with_byte(5, 2), "ELF64";
    splice_rejects_a_relocatable_object: malformed, with_byte(16, 1), "shared object";
    splice_rejects_another_machine: malformed, with_byte(18, 183), "x86-64";
    splice_rejects_an_unterminated_section_name: malformed, unterminated_name(), "has no readable name";
}

/// A kernel's image that takes the object.
const KERNEL: Base = Base::WITH_GETRANDOM;

fn linked(base: Base) -> Vec<u8> {
    base.image().data().to_vec()
}

fn image(data: &[u8]) -> Image {
    Image::from_bytes(Path::new("spliced.so"), data.to_vec()).unwrap()
}

fn spliced() -> Vec<u8> {
    splice(good(), KERNEL.image()).unwrap().image.data().to_vec()
}

/// A splice that no longer exports the object's function by its name.
fn renamed() -> Vec<u8> {
    let mut data = spliced();
    let name = data.windows(17).rposition(|it| it == b"__vdso_vgetrandom").unwrap();
    data[name] = b'x';
    data
}

fn of_version(version: Option<u32>) -> Vec<u8> {
    linked(Base { version, ..KERNEL })
}

fn with_byte(at: usize, value: u8) -> Vec<u8> {
    let mut data = linked(KERNEL);
    data[at] = value;
    data
}

/// The string table of section names ends before its last NUL; the names of added sections would continue the last name.
fn unterminated_name() -> Vec<u8> {
    let mut data = linked(KERNEL);
    let elf = goblin::elf::Elf::parse(&data).unwrap();
    let size = elf.header.e_shoff as usize + 64 * usize::from(elf.header.e_shstrndx) + 32;
    let names = &elf.section_headers[usize::from(elf.header.e_shstrndx)];
    let shorter = names.sh_size - 1;
    data[size..][..8].copy_from_slice(&shorter.to_le_bytes());
    data
}

#[test]
fn splice_rejects_each_truncation() {
    let data = linked(KERNEL);
    outcome(data.clone()).unwrap();
    for length in 0..data.len() {
        malformed(data[..length].to_vec(), "");
    }
}

#[test]
fn splice_never_panics_on_a_changed_byte() {
    let good = linked(KERNEL);
    let mut accepted = 0;
    for at in 0..good.len() {
        for value in [0, 0xff, good[at] ^ 0x80] {
            let mut data = good.clone();
            data[at] = value;
            accepted += usize::from(outcome(data).is_ok());
        }
    }
    assert!(accepted > good.len(), "only code and constants may take any value: {accepted} accepted");
}
