// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `object` and `goblin` read the same in our images and in the shared libraries of this machine, but for what is listed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use vdso_abi::exports::EXPORTS;
use vdso_fixtures::images::{GoodImages, Kind};
use vdso_link::layout::SHARED_PAGE;
use vdso_link::{Examination, Finding, Image, LinkedImage, verify};

/// Where distributions keep libraries, and in the last one programs, of which some are linked statically.
const DIRECTORIES: [&str; 3] = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/sbin"];
/// Maximum number of files read in one directory.
const FILES: usize = 300;
/// The largest one, in bytes.
const LARGEST: u64 = 16 << 20;

/// A known disagreement about files that are no vDSO images.
struct Explained {
    rule: &'static str,
    /// Words of what is found.
    found: &'static str,
    /// Texts of the required results.
    wanted: &'static str,
    reason: &'static str,
}

const EXPLAINED: [Explained; 1] = [Explained {
    rule: "image-second-opinion/symbols",
    found: "goblin reads nothing",
    wanted: "\"\", info 0x0, other 0x0, section 0, value 0x0, size 0x0",
    reason: "goblin counts symbols by the hash tables; those of a static program, which exports nothing, do not count the \
             null symbol, the section header does",
}];

/// The findings of the family's rules in an image, and the number of items examined.
fn second_opinion(image: Image) -> (Vec<Finding>, usize) {
    let linked = LinkedImage { image, layout: SHARED_PAGE, exports: &EXPORTS, original: None, object: None };
    let (mut findings, mut examined) = (Vec::new(), 0);
    for rule in verify::rules().filter(|rule| rule.rule.id.starts_with("image-second-opinion/")) {
        let mut examination = Examination::of(&rule.rule);
        (rule.apply)(&linked, &mut examination).expect("the image was parsed before");
        examined += examination.examined;
        findings.extend(examination.findings);
    }
    (findings, examined)
}

/// The files of a directory: each once, under one of its names.
fn files(folder: &str) -> BTreeSet<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| std::fs::canonicalize(entry.path()).ok());
    files.filter(|path| path.metadata().is_ok_and(|it| it.is_file() && it.len() <= LARGEST)).collect()
}

#[test]
fn both_parsers_read_the_same_in_our_images() {
    let good = GoodImages::get();
    for kind in Kind::ALL {
        let (findings, examined) = second_opinion(good.linked(kind).image);
        assert!(findings.is_empty() && examined > 25, "{kind:?}: {findings:#?}");
    }
}

#[test]
fn both_parsers_read_the_same_in_the_libraries_of_this_machine() {
    let (mut looked_at, mut unexplained) = (0, Vec::new());
    let mut explained: BTreeMap<&str, usize> = BTreeMap::new();
    for path in DIRECTORIES.iter().flat_map(|folder| files(folder).into_iter().take(FILES)) {
        // Scripts and static archives lie there too, and files that only their owner may read.
        let Ok(data) = std::fs::read(&path) else { continue };
        let Ok(image) = Image::from_bytes(&path, data) else { continue };
        looked_at += 1;
        for finding in second_opinion(image).0 {
            let is_known = |it: &&Explained| {
                it.rule == finding.rule && finding.found.contains(it.found) && finding.wanted.contains(it.wanted)
            };
            match EXPLAINED.iter().find(is_known) {
                Some(known) => *explained.entry(known.reason).or_default() += 1,
                None => unexplained.push(format!("{}: {finding:?}", path.display())),
            }
        }
    }
    println!("{looked_at} files; explained disagreements: {explained:#?}");
    assert!(looked_at > 0, "there is no library in {DIRECTORIES:?}");
    let first = &unexplained[..unexplained.len().min(20)];
    assert!(unexplained.is_empty(), "{} disagreements, of which the first: {first:#?}", unexplained.len());
}
