// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Images as kernels bring them, of the kernel that runs the tests and of the lines that `cargo xtask stock-vdso` has built:
//! what the rules say of them, and the splice into them.

use crate::fixture::{GOOD, assemble, checked};
use crate::judge::judge;
use std::fs::{File, read_to_string};
use std::os::unix::fs::FileExt;
use std::path::Path;
use vdso_link::layout::layout_of;
use vdso_link::link::splice::splice;
use vdso_link::{DataPageLayout, Error, Finding, Image, LinkedImage, verify};

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

/// For each kernel line that was built the stripped image, and the one with symbols.
fn stock() -> Vec<[Image; 2]> {
    let kernels = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/kernel");
    let lines = std::fs::read_dir(kernels).into_iter().flatten();
    let folders = lines.map(|line| line.unwrap().path().join("stock")).filter(|folder| folder.is_dir());
    folders.map(|folder| ["vdso64.so", "vdso64.so.dbg"].map(|name| Image::read(&folder.join(name)).unwrap())).collect()
}

#[test]
fn a_kernels_own_image_takes_the_object_or_says_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble(folder.path(), "good", GOOD));
    for image in running().into_iter().chain(stock().into_iter().flatten()) {
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

/// A finding that a kernel's own image may have, with the reason.
struct Explained {
    /// Its id, or what its id begins with.
    rule: &'static str,
    /// Words of what is found.
    found: &'static str,
    reason: &'static str,
}

const EXPLAINED: [Explained; 7] = [
    Explained {
        rule: "image-exports/declared",
        found: "not exported",
        reason: "no kernel has the four-argument function, and none before 6.11 the five-argument one, but by our object",
    },
    Explained { rule: "image-consumers/", found: "is missed", reason: "what is not exported is not found" },
    Explained {
        rule: "image-data-page/",
        found: "no reference to",
        reason: "the kernel's own function reads the generator's data only, where our code looks at time namespaces too",
    },
    Explained {
        rule: "image-data-page/symbols",
        found: "no such symbol",
        reason: "6.1 has no data of the generator, and newer lines have other names for its place; a splice adds ours",
    },
    Explained {
        rule: "image-data-page/",
        found: "nothing to look at",
        reason: "without any getrandom there is no code of the kind that the rule is about",
    },
    Explained {
        rule: "image-exports/aliases",
        found: "nothing to look at",
        reason: "without any getrandom there is no pair of names",
    },
    Explained {
        rule: "image-dynamic/known-tags",
        found: "DT_RUNPATH",
        reason: "some distributions build kernels with linkers that write a search path into everything they link",
    },
];

#[test]
fn a_kernels_own_image_keeps_the_rules_but_for_what_is_explained() {
    for image in running().into_iter().chain(stock().into_iter().flatten()) {
        // A line whose data pages nobody has looked at is refused before any rule is asked.
        let Ok(found) = LinkedImage::found(image) else { continue };
        let Err(report) = verify(found).unwrap() else { continue };
        let known = |finding: &&Finding| {
            EXPLAINED.iter().any(|it| finding.rule.starts_with(it.rule) && finding.found.contains(it.found))
        };
        let unexplained: Vec<_> = report.findings().filter(|finding| !known(finding)).collect();
        assert!(
            unexplained.is_empty(),
            "{}: {unexplained:#?}\nwhere only these are known: {:#?}",
            report.subject,
            EXPLAINED.map(|it| it.reason)
        );
    }
}
