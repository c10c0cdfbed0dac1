// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Images as kernels bring them, of the kernel that runs the tests and of the lines that `cargo xtask stock-vdso` has built:
//! what the rules say of them, and the splice into them.

use crate::judge::judge;
use std::fs::{File, read_to_string};
use std::os::unix::fs::FileExt;
use std::path::Path;
use vdso_fixtures::object::good;
use vdso_link::layout::layout_of;
use vdso_link::link::splice::splice;
use vdso_link::verify::EXPLAINED;
use vdso_link::{DataPageLayout, Error, Image, LinkedImage, verify};

/// The vDSO as this process has it mapped.
fn running() -> Option<Image> {
    let maps = read_to_string("/proc/self/maps").unwrap();
    let line = maps.lines().find(|line| line.ends_with("[vdso]"))?;
    let (start, end) = line.split_once(' ')?.0.split_once('-')?;
    let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
    let mut data = vec![0; (end - start) as usize];
    File::open("/proc/self/mem").unwrap().read_exact_at(&mut data, start).unwrap();
    Some(Image::from_bytes(Path::new("[vdso]"), data).unwrap())
}

/// For each kernel series that was built, the stripped image and the one with symbols.
fn stock() -> Vec<[Image; 2]> {
    let kernels = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/kernel");
    let lines = std::fs::read_dir(kernels).into_iter().flatten();
    let folders = lines.map(|line| line.unwrap().path().join("stock")).filter(|folder| folder.is_dir());
    folders.map(|folder| ["vdso64.so", "vdso64.so.dbg"].map(|name| Image::read(&folder.join(name)).unwrap())).collect()
}

#[test]
fn a_kernels_own_image_takes_the_object_or_says_why_not() {
    let object = good();
    for image in running().into_iter().chain(stock().into_iter().flatten()) {
        let known = image.linux_version().and_then(DataPageLayout::of_version).is_some();
        match splice(object, image) {
            Ok(spliced) => {
                judge(&spliced);
                // The same bytes in another file: the kernel's own findings pass beside the kernel's image.
                let mut found = LinkedImage::found(spliced.image.clone()).unwrap();
                found.original.clone_from(&spliced.original);
                verify(found).unwrap().unwrap_or_else(|report| panic!("{report}"));
                verify(spliced).unwrap().unwrap_or_else(|report| panic!("{report}"));
            }
            Err(Error::Refused { .. }) if !known => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn version_and_symbols_of_a_line_name_the_same_layout() {
    for [stripped, debug] in stock() {
        let known = DataPageLayout::of_version(stripped.linux_version().unwrap()).expect("a line with a layout");
        for layout in [layout_of(&stripped, None), layout_of(&debug, None), layout_of(&stripped, Some(&debug))] {
            assert_eq!(layout.unwrap(), *known, "{}", debug.path().display());
        }
    }
}

#[test]
fn a_kernels_own_image_keeps_the_rules_but_for_what_is_explained() {
    for image in running().into_iter().chain(stock().into_iter().flatten()) {
        // A series with unknown data pages is refused before any rule is applied.
        let Ok(found) = LinkedImage::found(image) else { continue };
        let Err(report) = verify(found).unwrap() else { continue };
        let (_, unexplained) = verify::explained(&report);
        assert!(
            unexplained.is_empty(),
            "{}: {unexplained:#?}\nwhere only these are known: {EXPLAINED:#?}",
            report.subject
        );
    }
}
