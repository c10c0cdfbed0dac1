// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Undoing a splice.

use crate::splice::bare;
use object::{Object as _, ObjectSection as _};
use std::path::Path;
use vdso_fixtures::base::Base;
use vdso_fixtures::object::good;
use vdso_link::link::splice::splice;
use vdso_link::link::unsplice::{RECORD, unsplice};
use vdso_link::{Error, Image, LinkedImage};

/// The fixture object in an image of these bytes.
fn spliced(image: Image) -> LinkedImage {
    splice(good(), image).unwrap()
}

fn base(base: Base) -> Image {
    base.image()
}

/// The image as a kernel holds it: padded to whole pages.
fn padded(image: &Image) -> Image {
    let mut data = image.data().to_vec();
    data.resize(data.len().next_multiple_of(4096), 0);
    Image::from_bytes(Path::new("padded.so"), data).unwrap()
}

#[test]
fn the_original_comes_back_to_the_byte() {
    let stripped = Base { stripped: true, ..Base::WITH_GETRANDOM };
    for base in [Base::WITHOUT_GETRANDOM, Base::WITH_GETRANDOM, stripped].map(base) {
        for image in [padded(&base), base] {
            let original = image.data().to_vec();
            let spliced = spliced(image);
            let elf = spliced.image.elf().unwrap();
            let record = elf.section_by_name(RECORD).unwrap();
            assert!(record.size() < 400, "{} bytes are not small", record.size());
            let (offset, size) = record.file_range().unwrap();
            assert_eq!((offset + size) as usize, spliced.image.data().len(), "the record stands last");
            assert_eq!(unsplice(&spliced.image).unwrap().data(), original);
        }
    }
}

#[test]
fn a_small_file_is_not_made_a_large_one() {
    let mut data = spliced(base(Base::WITH_GETRANDOM)).image.data().to_vec();
    let elf = goblin::elf::Elf::parse(&data).unwrap();
    // The length of the original follows the digest.
    let length = elf.section_headers.last().unwrap().sh_offset as usize + 32;
    data[length..][..4].copy_from_slice(&(60_u32 << 20).to_le_bytes());
    let Err(error) = unsplice(&Image::from_bytes(Path::new("large.so"), data).unwrap()) else { panic!("it was taken") };
    assert!(error.to_string().contains("an original of 62914560 bytes"), "{error}");

    let mut tail = base(Base::WITH_GETRANDOM).data().to_vec();
    tail.resize(1 << 20, 0);
    let object = good();
    let refusal = splice(object, Image::from_bytes(Path::new("tail.so"), tail).unwrap()).unwrap_err();
    assert!(refusal.to_string().contains("are zeros that belong to nothing"), "{refusal}");
}

#[test]
fn what_has_no_record_is_refused() {
    let spliced = spliced(base(Base::WITH_GETRANDOM)).image;
    for image in [base(Base::WITH_GETRANDOM), bare(&spliced)] {
        let Err(error @ Error::Refused { .. }) = unsplice(&image) else { panic!("it was taken") };
        assert!(error.to_string().contains("no section .vgetrandom.original"), "{error}");
    }
}

#[test]
fn a_change_anywhere_is_noticed_or_of_no_matter() {
    let original = base(Base::WITHOUT_GETRANDOM);
    let good = spliced(original.clone()).image.data().to_vec();
    let mut refused = 0;
    for at in 0..good.len() {
        let mut data = good.clone();
        data[at] ^= 0x55;
        let Ok(image) = Image::from_bytes(Path::new("changed.so"), data) else { continue };
        match unsplice(&image) {
            // Code of ours, and what was made anew: the original is not made of it.
            Ok(restored) => assert_eq!(restored.data(), original.data(), "byte {at:#x}"),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > original.data().len() / 2, "{refused} of {} bytes", original.data().len());
}
