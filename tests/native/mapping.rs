// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `vdso-native` itself: the images that it refuses, its messages, and that it unmaps everything.

use std::path::Path;
use vdso_link::Image;
use vdso_link::layout::SHARED_PAGE;
use vdso_native::NativeImage;
use vdso_tests::Vdso;
use vdso_tests::child::in_child;

/// The built image with `change` made to its bytes.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Image {
    let path = Vdso::products().join("vdso64.so.dbg");
    let mut data = std::fs::read(&path).expect("the products are readable");
    change(&mut data);
    Image::from_bytes(Path::new("changed.so"), data).expect("still an ELF file")
}

/// The words of the refusal.
fn refusal(image: &Image) -> String {
    match NativeImage::map(image, &SHARED_PAGE) {
        Ok(_) => panic!("it was mapped"),
        Err(error) => error.to_string(),
    }
}

/// Overwrites a 64-bit field of the first program header, which is PT_LOAD (gABI, `Elf64_Phdr`).
fn set_in_load(data: &mut [u8], field: usize, value: u64) {
    let table = u64::from_le_bytes(data[32..40].try_into().expect("eight bytes")) as usize;
    assert_eq!(data[table], 1, "PT_LOAD comes first");
    data[table + field..][..8].copy_from_slice(&value.to_le_bytes());
}

const P_OFFSET: usize = 8;
const P_VADDR: usize = 16;
const P_FILESZ: usize = 32;

#[test]
fn images_of_another_shape_are_refused() {
    let object = Image::read(&Vdso::products().join("vgetrandom.o")).expect("the products are readable");
    for (image, words) in [
        (object, "no PT_LOAD segment, or more than one"),
        (changed(|data| set_in_load(data, P_VADDR, 0x1000)), "its PT_LOAD segment is at address 0x1000, offset 0x0"),
        (changed(|data| set_in_load(data, P_OFFSET, 64)), "its PT_LOAD segment is at address 0x0, offset 0x40"),
        (changed(|data| set_in_load(data, P_FILESZ, 1 << 40)), "its PT_LOAD segment ends after the file"),
        (changed(|data| set_in_load(data, P_FILESZ, 0)), "its PT_LOAD segment is empty"),
    ] {
        let said = refusal(&image);
        assert!(said.contains(words) && said.contains("cargo xtask verify"), "{said}");
    }
}

#[test]
fn function_outside_of_the_image_is_none() {
    // The kernel maps only the segment.
    let image = changed(|data| set_in_load(data, P_FILESZ, 0x40));
    let mapped = NativeImage::map(&image, &SHARED_PAGE).expect("short, but one segment from the first byte on");
    for name in ["__vdso_getrandom", "no_such_function"] {
        let said = mapped.function(name).expect_err("none").to_string();
        assert!(said.starts_with(&format!("changed.so: no function {name};")), "{said}");
    }
}

#[test]
fn dropping_unmaps_everything() {
    in_child(|| {
        let mappings = || std::fs::read_to_string("/proc/self/maps").expect("procfs").lines().count();
        // The first round grows the heap.
        drop(Vdso::built());
        let before = mappings();
        let vdsos: Vec<_> = (0..20).map(|_| Vdso::built()).collect();
        assert!(mappings() > before + 20);
        drop(vdsos);
        assert!(mappings() <= before + 2, "{} mappings of {before}", mappings());
    });
}
