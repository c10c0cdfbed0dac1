// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The glue of each series is applied to a tree of that series and reverted. The tree holds only the lines that the patches
//! contain, so no test needs a kernel source.

use super::*;
use crate::hunk::{Side, hunks_of};
use crate::plan::Plan;
use crate::snapshot::snapshot;
use crate::tree::{SERIES, recognise};
use tempfile::TempDir;

/// More lines than any patched file has.
const LINES_OF_A_FILE: usize = 20_000;

/// One line of a file under reconstruction.
#[derive(Clone)]
enum Known {
    /// Line of the original, which no patch has shown yet.
    Original(usize),
    Text(String),
}

/// The original lines of each changed file, as far as the patches contain them.
fn originals(patches: &[Patch]) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, (Vec<Known>, Vec<String>)> = BTreeMap::new();
    for patch in patches {
        for (path, hunks) in hunks_of(&patch.text).unwrap() {
            let (now, original) = files.entry(path).or_insert_with(|| {
                let unsaid = (0..LINES_OF_A_FILE).map(|number| format!("unsaid {number}\n")).collect();
                ((0..LINES_OF_A_FILE).map(Known::Original).collect(), unsaid)
            });
            let mut after = Vec::new();
            let mut at = 0;
            for hunk in hunks {
                let start = hunk.start(Side::Before) - 1;
                after.extend_from_slice(&now[at..start]);
                at = start;
                for (sign, text) in hunk.lines {
                    if sign != '+' {
                        match &now[at] {
                            Known::Original(number) => original[*number] = text.to_owned(),
                            Known::Text(known) => assert_eq!(known, text, "{}", patch.name),
                        }
                        at += 1;
                    }
                    if sign != '-' {
                        after.push(Known::Text(text.to_owned()));
                    }
                }
            }
            after.extend_from_slice(&now[at..]);
            *now = after;
        }
    }
    files.into_iter().map(|(path, (_, original))| (path, original.concat())).collect()
}

/// A tree of a series, and the object for it.
fn tree_of(series: &Series) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let object = root.join("vgetrandom.o");
    put(&object, "the object");
    let glue = Glue::load(&super::directory(), series, &object).unwrap();
    for (path, text) in originals(&glue.patches) {
        put(&root.join("tree").join(path), &text);
    }
    let (version, patchlevel) = series.name.split_once('.').unwrap();
    let makefile = format!("VERSION = {version}\nPATCHLEVEL = {patchlevel}\nSUBLEVEL = 0\n");
    put(&root.join("tree/Makefile"), &makefile);
    (directory, object)
}

fn put(path: &Path, text: &str) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, text).unwrap();
}

#[test]
fn the_glue_of_every_line_goes_in_and_out() {
    for series in &SERIES {
        let (directory, object) = tree_of(series);
        let root = directory.path().join("tree");
        let before = snapshot(&root);
        let tree = recognise(&root).unwrap();
        assert_eq!(tree.series, series);
        let glue = Glue::load(&super::directory(), series, &object).unwrap();
        Plan::apply(&tree, &glue).unwrap().commit().unwrap();

        let after = snapshot(&root);
        let (object, _) = after[&root.join(series.object_path())].as_ref().unwrap();
        assert_eq!(object, b"the object", "{}", series.name);
        assert!(glue.files.keys().all(|path| after.contains_key(&root.join(path))), "{}", series.name);
        let again = Plan::apply(&tree, &glue).unwrap();
        assert!(again.changes.is_empty(), "{}: {:?}", series.name, again.changes);
        Plan::revert(&tree, &glue).unwrap().commit().unwrap();
        assert_eq!(snapshot(&root), before, "{}", series.name);

        // The record is lost, and a stable update has changed other lines.
        Plan::apply(&tree, &glue).unwrap().commit().unwrap();
        fs_err::remove_file(root.join(series.record_path())).unwrap();
        Plan::revert(&tree, &Glue::without_object(&super::directory(), series).unwrap()).unwrap().commit().unwrap();
        assert_eq!(snapshot(&root), before, "{}", series.name);
    }
}

#[test]
fn the_object_alone_is_a_file_and_the_patch_that_makes_room_for_it() {
    for series in &SERIES {
        let Some(patch) = series.object_patch else { continue };
        let (directory, object) = tree_of(series);
        let root = directory.path().join("tree");
        let before = snapshot(&root);
        let glue = Glue::of_object_alone(&super::directory(), series, patch, &object).unwrap();
        Plan::apply(&recognise(&root).unwrap(), &glue).unwrap().commit().unwrap();
        let (after, vdso) = (snapshot(&root), root.join("arch/x86/entry/vdso"));
        let elsewhere = |path: &&PathBuf| before.get(*path) != after.get(*path) && !path.starts_with(&vdso);
        assert_eq!(after.keys().find(elsewhere), None, "{}: nothing outside of the vDSO is touched", series.name);
    }
}

#[test]
fn a_tree_of_one_line_takes_no_glue_of_another() {
    for series in &SERIES {
        let (directory, object) = tree_of(series);
        let root = directory.path().join("tree");
        let before = snapshot(&root);
        for other in SERIES.iter().filter(|other| *other != series) {
            let glue = Glue::load(&super::directory(), other, &object).unwrap();
            let error = format!("{:#}", Plan::apply(&recognise(&root).unwrap(), &glue).unwrap_err());
            assert!(error.contains("does not fit") || error.contains("no such file"), "{error}");
        }
        assert_eq!(snapshot(&root), before);
    }
}
