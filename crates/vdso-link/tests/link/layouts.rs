// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Where an image's kernel keeps its data, told by version and by symbols.

use crate::judge::judge;
use crate::splice::bare;
use vdso_fixtures::base::Base;
use vdso_fixtures::object::good;
use vdso_link::layout::{OWN_PAGE, SHARED_PAGE, layout_of};
use vdso_link::link::splice::{splice, splice_for};
use vdso_link::{DataPageLayout, Error, Image, LinkedImage, verify};

/// Symbols as the linker scripts of the lines name them.
const SHARED: &[(&str, i64)] = &[
    ("vvar_start", -0x4000),
    ("vvar_page", -0x4000),
    ("timens_page", -0x1000),
    ("vvar__vdso_data", -0x3f80),
    ("timens__vdso_data", -0xf80),
    ("vvar__vdso_rng_data", -0x3d80),
];
const LINE_6_13: &[(&str, i64)] =
    &[("vvar_start", -0x4000), ("vvar_page", -0x4000), ("vdso_rng_data", -0x3d80), ("timens_page", -0x3000)];
pub const OWN: &[(&str, i64)] =
    &[("vdso_u_data", -0x6000), ("vdso_u_time_data", -0x6000), ("vdso_u_rng_data", -0x4000)];

/// An image of a version, with symbols.
pub fn image(version: Option<u32>, symbols: &'static [(&str, i64)]) -> Image {
    Base { version, symbols, ..Base::WITH_GETRANDOM }.image()
}

fn told(image: &Image) -> (usize, i64, i64, i64) {
    let DataPageLayout { pages, vdso_data, timens_vdso_data, vdso_rng_data, .. } = layout_of(image, None).unwrap();
    (pages, vdso_data, timens_vdso_data, vdso_rng_data)
}

/// The words of a refusal.
fn refusal(image: &Image, debug: Option<&Image>) -> String {
    layout_of(image, debug).expect_err("it was taken").to_string()
}

#[test]
fn symbols_tell_of_lines_that_nobody_has_looked_at() {
    assert_eq!(told(&image(Some(0x06_0d_00), LINE_6_13)), (4, -0x4000, -0x3000, -0x3d80));
    assert_eq!(told(&image(Some(0x07_09_00), OWN)), (6, -0x6000, -0x6000, -0x4000));
    assert_eq!(told(&image(None, SHARED)), (4, -0x3f80, -0xf80, -0x3d80));
}

#[test]
fn symbols_of_a_known_line_must_agree_with_it() {
    assert_eq!(layout_of(&image(Some(0x06_0c_01), SHARED), None).unwrap(), SHARED_PAGE);
    assert_eq!(layout_of(&image(Some(0x06_12_01), OWN), None).unwrap(), OWN_PAGE);
    // 6.1 itself has no such data, and says nothing about it.
    assert_eq!(layout_of(&image(Some(0x06_01_01), &SHARED[..5]), None).unwrap(), SHARED_PAGE);
    for symbols in [
        &[("vvar__vdso_rng_data", -0x3d00)],
        &[("timens__vdso_data", -0x1000)],
        &[("vvar__vdso_data", -0x4000)],
        &[("vvar_start", -0x5000)],
    ] as [&'static [(&str, i64)]; 4]
    {
        let said = refusal(&image(Some(0x06_0c_01), symbols), None);
        assert!(said.contains("its symbols put") && said.contains("where Linux 6.1 to 6.12 has it"), "{said}");
    }
}

#[test]
fn symbols_that_say_too_little_or_nonsense_are_no_guess() {
    for symbols in [
        &SHARED[..5],
        // Swapped by time namespaces, and nothing says where to.
        &[("vvar_start", -0x4000), ("vvar__vdso_data", -0x3f80), ("vvar__vdso_rng_data", -0x3d80)],
        &[("vdso_u_data", -0x6010), ("vdso_u_rng_data", -0x4000)],
        &[("vdso_u_data", -0x6000), ("vdso_u_rng_data", -0x7000)],
        &[("vdso_u_data", -0x6000), ("vdso_u_rng_data", 0x1000)],
        &[("vdso_u_data", i64::MIN), ("vdso_u_rng_data", -0x4000)],
    ] {
        let said = refusal(&image(Some(0x06_0d_02), symbols), None);
        assert!(said.contains("Linux 6.13.2, whose data-page layout is not known; name its vdso64.so.dbg"), "{said}");
    }
}

#[test]
fn the_file_beside_the_image_speaks_for_it() {
    let debug = image(Some(0x07_09_00), OWN);
    let stripped = bare(&debug);
    let layout = layout_of(&stripped, Some(&debug)).unwrap();
    assert!(refusal(&stripped, None).contains("Linux 7.9.0"));
    assert!(refusal(&stripped, Some(&stripped)).contains("no symbol table"));
    let other = image(Some(0x07_09_01), OWN);
    assert!(refusal(&stripped, Some(&other)).contains("build-id"));

    let object = good();
    let spliced = splice_for(object, stripped, layout).unwrap();
    judge(&spliced);
    // As a user who has this file and the other one.
    assert!(matches!(LinkedImage::found(spliced.image.clone()), Err(Error::Refused { .. })));
    let found = LinkedImage::found_beside(spliced.image, Some(&debug)).unwrap();
    assert_eq!(found.layout, layout);
}

#[test]
fn a_splice_into_a_newer_image_without_getrandom_is_known_again() {
    let object = good();
    let base = Base { version: Some(0x06_0c_05), ..Base::WITHOUT_GETRANDOM };
    let spliced = splice(object, base.image()).unwrap();
    let exports = spliced.exports;
    let found = LinkedImage::found(spliced.image).unwrap();
    assert_eq!(found.exports, exports);
    verify(found).unwrap().unwrap_or_else(|report| panic!("{report}"));
}

#[test]
fn a_spliced_file_for_debuggers_tells_the_next_one() {
    let object = good();
    let spliced = splice(object, image(Some(0x07_09_00), OWN)).unwrap();
    let (layout, data) = (spliced.layout, spliced.image.data().to_vec());
    // As a user who has this file alone.
    let found = LinkedImage::found(Image::from_bytes("found.so".as_ref(), data).unwrap()).unwrap();
    assert_eq!(found.layout, layout);
    assert!(found.original.is_some(), "the file brings its original along");
    verify(found).unwrap().unwrap_or_else(|report| panic!("{report}"));
}
