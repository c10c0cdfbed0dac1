// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Two builds of the same sources in two directories give the same bytes.

use std::fs;
use std::path::Path;
use vdso_tests::workspace::{self, Xtask};

/// The products that must be equal.
const PRODUCTS: [&str; 4] = ["vgetrandom.o", "vdso64.so.dbg", "vdso64.so", "manifest.json"];

/// Copies the workspace to `directory` and builds there; returns the products in their order.
fn build(xtask: &Xtask, directory: &Path) -> [Vec<u8>; PRODUCTS.len()] {
    workspace::copy(directory);
    let out = xtask.build_vdso(directory);
    PRODUCTS.map(|name| {
        let path = out.join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    })
}

#[test]
fn builds_in_two_directories_give_equal_bytes() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let xtask = Xtask::built(scratch);
    // Directories with names of different lengths, so that not even the size of a name can agree by chance.
    let directories = ["one", "another-with-a-longer-name"].map(|name| scratch.join("reproducible").join(name));
    let [first, second] = directories.map(|directory| build(&xtask, &directory));
    for (name, (first, second)) in PRODUCTS.iter().zip(first.iter().zip(&second)) {
        let differing = first.iter().zip(second).position(|(a, b)| a != b);
        assert_eq!((differing, first.len()), (None, second.len()), "{name} differs between two directories");
    }
}
