// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The image of the kernel that runs the tests: what the rules say of it, and the splice into it.

use crate::fixture::{GOOD, assemble, checked};
use crate::judge::judge;
use std::fs::{File, read_to_string};
use std::os::unix::fs::FileExt;
use std::path::Path;
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

/// A finding that a kernel's own image may have, with the reason.
struct Explained {
    /// Its id, or what its id begins with.
    rule: &'static str,
    /// Words of what is found.
    found: &'static str,
    reason: &'static str,
}

const EXPLAINED: [Explained; 6] = [
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
fn the_running_kernels_own_image_keeps_the_rules_but_for_what_is_explained() {
    let Some(image) = running() else { return };
    // A line whose data pages nobody has looked at is refused before any rule is asked.
    let Ok(found) = LinkedImage::found(image) else { return };
    let Err(report) = verify(found).unwrap() else { return };
    let known = |finding: &&Finding| {
        EXPLAINED.iter().any(|it| finding.rule.starts_with(it.rule) && finding.found.contains(it.found))
    };
    let unexplained: Vec<_> = report.findings().filter(|finding| !known(finding)).collect();
    assert!(
        unexplained.is_empty(),
        "{unexplained:#?}\nwhere only these are known: {:#?}",
        EXPLAINED.map(|it| it.reason)
    );
}
