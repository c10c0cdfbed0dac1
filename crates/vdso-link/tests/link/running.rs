// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The splice into the image of the kernel that runs the tests.

use crate::fixture::{GOOD, assemble, checked};
use crate::judge::judge;
use std::fs::{File, read_to_string};
use std::os::unix::fs::FileExt;
use std::path::Path;
use vdso_link::link::splice::splice;
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

#[test]
fn the_running_kernels_own_image_takes_the_object_or_says_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble(folder.path(), "good", GOOD));
    let Some(image) = running() else { return };
    let known = image.linux_version().and_then(DataPageLayout::of_version).is_some();
    match splice(&object, image) {
        Ok(spliced) => {
            judge(&spliced);
            // The same bytes in somebody else's hands: what is the kernel's own passes beside the kernel's image.
            let mut found = LinkedImage::found(spliced.image.clone()).unwrap();
            found.original.clone_from(&spliced.original);
            verify(found).unwrap().unwrap_or_else(|report| panic!("{report}"));
            verify(spliced).unwrap().unwrap_or_else(|report| panic!("{report}"));
        }
        Err(Error::Refused { .. }) if !known => {}
        Err(error) => panic!("{error}"),
    }
}
