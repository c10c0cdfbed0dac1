// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Images that the splice must not touch, and images that must not make it stumble.

use crate::fixture::{Base, GOOD, assemble, checked};
use crate::splice::bare;
use std::path::Path;
use vdso_link::link::splice::splice;
use vdso_link::{CheckedObject, Error, Image};

/// What comes of the bytes of an image.
fn outcome(object: &CheckedObject, data: Vec<u8>) -> Result<(), Error> {
    let image = Image::from_bytes(Path::new("bad.so"), data)?;
    splice(object, image).map(drop)
}

/// Demands a refusal whose message holds `words`.
fn refused(outcome: Result<(), Error>, words: &str) {
    match outcome {
        Err(error @ Error::Refused { .. }) => assert!(error.to_string().contains(words), "{error}"),
        other => panic!("wanted a refusal about {words:?}, got {other:?}"),
    }
}

/// Demands the error for a broken file, with a message that holds `words`.
fn malformed(outcome: Result<(), Error>, words: &str) {
    match outcome {
        Err(error @ Error::Malformed { .. }) => assert!(error.to_string().contains(words), "{error}"),
        other => panic!("wanted a malformed file: {words:?}, got {other:?}"),
    }
}

#[test]
fn a_spliced_image_takes_no_second_splice() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble(folder.path(), "good", GOOD));
    let spliced = splice(&object, Base::WITH_GETRANDOM.link(folder.path())).unwrap();
    let mut data = spliced.image.data().to_vec();
    refused(outcome(&object, data.clone()), "has a section .vgetrandom.original already");

    // One that forgot what it exports, which has a way back all the same.
    let name = data.windows(17).rposition(|it| it == b"__vdso_vgetrandom").unwrap();
    data[name] = b'x';
    refused(outcome(&object, data), "has a section .vgetrandom.original already");

    // One that forgot that too: as it is in memory.
    let bare = bare(&spliced.image);
    refused(outcome(&object, bare.data().to_vec()), "exports __vdso_vgetrandom already");
}

#[test]
fn an_unknown_kernel_line_is_refused_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble(folder.path(), "good", GOOD));
    let with = |version| Base { version, ..Base::WITH_GETRANDOM }.link(folder.path()).data().to_vec();
    refused(outcome(&object, with(Some(0x06_0e_03))), "Linux 6.14.3");
    refused(outcome(&object, with(Some(0x09_00_00))), "Linux 9.0.0");
    refused(outcome(&object, with(None)), "no note");
}

#[test]
fn an_image_of_another_build_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble(folder.path(), "good", GOOD));
    let of = |base: Base| outcome(&object, base.link(folder.path()).data().to_vec());
    refused(of(Base { hash_style: "sysv", ..Base::WITH_GETRANDOM }), "DT_GNU_HASH");
    refused(of(Base { hash_style: "gnu", ..Base::WITH_GETRANDOM }), "DT_HASH");
    refused(of(Base { node: "LINUX_5.10", ..Base::WITH_GETRANDOM }), "LINUX_2.6");
}

#[test]
fn another_machine_or_class_is_malformed() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble(folder.path(), "good", GOOD));
    let good = Base::WITH_GETRANDOM.link(folder.path()).data().to_vec();
    let with = |at: usize, value: u8| {
        let mut data = good.clone();
        data[at] = value;
        outcome(&object, data)
    };
    malformed(with(4, 1), "ELF64"); // EI_CLASS: ELFCLASS32
    malformed(with(5, 2), "ELF64"); // EI_DATA: big-endian
    malformed(with(16, 1), "shared object"); // e_type: ET_REL
    malformed(with(18, 183), "x86-64"); // e_machine: EM_AARCH64
}

#[test]
fn a_name_that_would_go_on_in_what_is_added_is_malformed() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble(folder.path(), "good", GOOD));
    let mut data = Base::WITH_GETRANDOM.link(folder.path()).data().to_vec();
    let elf = goblin::elf::Elf::parse(&data).unwrap();
    let size = elf.header.e_shoff as usize + 64 * usize::from(elf.header.e_shstrndx) + 32;
    let names = &elf.section_headers[usize::from(elf.header.e_shstrndx)];
    let shorter = names.sh_size - 1;
    data[size..][..8].copy_from_slice(&shorter.to_le_bytes());
    malformed(outcome(&object, data), "has no readable name");
}

#[test]
fn every_cut_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble(folder.path(), "good", GOOD));
    let good = Base::WITH_GETRANDOM.link(folder.path()).data().to_vec();
    outcome(&object, good.clone()).unwrap();
    for length in 0..good.len() {
        malformed(outcome(&object, good[..length].to_vec()), "");
    }
}

#[test]
fn no_byte_of_a_hostile_image_makes_the_splice_panic() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble(folder.path(), "good", GOOD));
    let good = Base::WITH_GETRANDOM.link(folder.path()).data().to_vec();
    let mut taken = 0;
    for at in 0..good.len() {
        for value in [0, 0xff, good[at] ^ 0x80] {
            let mut data = good.clone();
            data[at] = value;
            taken += usize::from(outcome(&object, data).is_ok());
        }
    }
    assert!(taken > good.len(), "only code and constants may be anything");
}
