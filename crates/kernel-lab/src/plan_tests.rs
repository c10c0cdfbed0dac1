// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A small tree goes through every state: pristine, applied, updated, dirty, interrupted, reverted.

use super::*;
use crate::patch::Patch;
use crate::snapshot::snapshot;
use crate::tree::{SERIES, recognise};
use tempfile::TempDir;

const RANDOM: &str = "int a;\nint b;\nint c;\n";
const PATCH: &str =
    "--- a/drivers/random.c\n+++ b/drivers/random.c\n@@ -1,3 +1,4 @@\n int a;\n+int glue;\n int b;\n int c;\n";
const MM: &str = "x\ny\nz\n";
const MM_PATCH: &str = "--- a/mm/m.c\n+++ b/mm/m.c\n@@ -1,3 +1,3 @@\n x\n-y\n+Y\n z\n";

/// A tree that looks like one of the first known series.
fn pristine() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    put(root, "Makefile", "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\nEXTRAVERSION =\n");
    put(root, "arch/x86/entry/vdso/Makefile", "vobjs-y := vma.o\n");
    put(root, "drivers/random.c", RANDOM);
    put(root, "mm/m.c", MM);
    directory
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, text).unwrap();
}

fn glue(object: &str, patches: &[&str]) -> Glue {
    let files = [(SERIES[0].object_path(), object), ("include/vdso/abi.h".to_owned(), "#define A 1\n")];
    let named = |(index, text): (usize, &&str)| Patch { name: format!("{index:04}.patch"), text: (*text).into() };
    Glue {
        files: files.map(|(path, text)| (path, text.into())).into(),
        patches: patches.iter().enumerate().map(named).collect(),
    }
}

fn apply(root: &Path, glue: &Glue) -> anyhow::Result<Vec<Change>> {
    let plan = Plan::apply(&recognise(root)?, glue)?;
    plan.commit()?;
    Ok(plan.changes)
}

fn revert(root: &Path) -> anyhow::Result<Vec<Change>> {
    let plan = Plan::revert(&recognise(root)?, &glue("", &[PATCH, MM_PATCH]))?;
    plan.commit()?;
    Ok(plan.changes)
}

fn refused(root: &Path, glue: &Glue) -> String {
    let before = snapshot(root);
    let error = format!("{:#}", apply(root, glue).unwrap_err());
    assert_eq!(snapshot(root), before, "a refusal touches nothing");
    error
}

#[test]
fn applied_applied_again_and_reverted() {
    let directory = pristine();
    let root = directory.path();
    let before = snapshot(root);
    let glue = glue("object", &[PATCH]);

    let changes = apply(root, &glue).unwrap();
    let object = SERIES[0].object_path();
    let wanted = [
        Change::Add(object.clone()),
        Change::Patch("drivers/random.c".into(), 1, 0),
        Change::Add("include/vdso/abi.h".into()),
    ];
    assert_eq!(changes, wanted);
    assert_eq!(read(root, "drivers/random.c").unwrap().unwrap(), b"int a;\nint glue;\nint b;\nint c;\n");
    assert_eq!(read(root, &object).unwrap().unwrap(), b"object");

    let applied = snapshot(root);
    let second = Plan::apply(&recognise(root).unwrap(), &glue).unwrap();
    assert!(second.changes.is_empty() && second.steps.is_empty());
    assert_eq!(snapshot(root), applied);

    let changes = revert(root).unwrap();
    assert!(changes.contains(&Change::Restore("drivers/random.c".into())), "{changes:?}");
    assert_eq!(snapshot(root), before, "created directories are removed as well");
    let error = format!("{:#}", revert(root).unwrap_err());
    assert!(error.contains("nothing to revert"), "{error}");
}

#[test]
fn a_new_object_and_changed_glue_replace_earlier_ones() {
    let directory = pristine();
    let root = directory.path();
    let before = snapshot(root);
    apply(root, &glue("object", &[PATCH])).unwrap();

    let changes = apply(root, &glue("other", &[PATCH])).unwrap();
    assert_eq!(changes, [Change::Update(SERIES[0].object_path())]);

    let changes = apply(root, &glue("other", &[&PATCH.replace("int glue", "long glue"), MM_PATCH])).unwrap();
    assert_eq!(changes, [Change::Patch("drivers/random.c".into(), 1, 0), Change::Patch("mm/m.c".into(), 1, 1)]);
    assert_eq!(read(root, "drivers/random.c").unwrap().unwrap(), b"int a;\nlong glue;\nint b;\nint c;\n");

    let changes = apply(root, &glue("other", &[MM_PATCH])).unwrap();
    assert_eq!(changes, [Change::Restore("drivers/random.c".into())]);
    revert(root).unwrap();
    assert_eq!(snapshot(root), before);
}

#[test]
fn every_place_that_does_not_fit_is_named_and_nothing_is_touched() {
    let directory = pristine();
    let root = directory.path();
    put(root, "drivers/random.c", &RANDOM.replace("int b", "char b"));
    put(root, "include/vdso/abi.h", "foreign\n");
    let error = refused(root, &glue("object", &[PATCH, MM_PATCH]));
    assert!(error.contains("0000.patch: drivers/random.c: hunk 1 of 1 (line 1) does not fit"), "{error}");
    assert!(error.contains("include/vdso/abi.h: exists already"), "{error}");
    assert!(error.contains("Linux 6.1.192"), "{error}");
    assert!(!error.contains("mm/m.c"), "this one fits: {error}");
}

#[test]
fn a_partly_patched_tree_is_refused() {
    let directory = pristine();
    let root = directory.path();
    put(root, "mm/m.c", "x\nY\nz\n");
    let error = refused(root, &glue("object", &[PATCH, MM_PATCH]));
    assert!(error.contains("0001.patch: mm/m.c: hunk 1 of 1 (line 1) is in the file already"), "{error}");
}

#[test]
fn a_tree_whose_lines_of_the_glue_were_changed_is_refused() {
    let directory = pristine();
    let root = directory.path();
    let glue = glue("object", &[PATCH]);
    apply(root, &glue).unwrap();
    put(root, "drivers/random.c", "int a;\nint mine;\nint b;\nint c;\n");
    put(root, "include/vdso/abi.h", "#define A 2\n");
    let error = refused(root, &glue);
    assert!(error.contains("  drivers/random.c\n  include/vdso/abi.h\n"), "{error}");
    let error = format!("{:#}", revert(root).unwrap_err());
    assert!(error.contains("drivers/random.c"), "{error}");
}

#[test]
fn a_stable_update_of_other_lines_blocks_neither_apply_nor_revert() {
    let long =
        |first: &str, glue: &str| format!("{first}\nint w;\nint x;\nint y;\nint z;\n{glue}int b;\nint c;\nint d;\n");
    let patch =
        "--- a/drivers/random.c\n+++ b/drivers/random.c\n@@ -5,3 +5,4 @@\n int z;\n+int glue;\n int b;\n int c;\n";
    let directory = pristine();
    let root = directory.path();
    put(root, "drivers/random.c", &long("int a;", ""));
    apply(root, &glue("object", &[patch])).unwrap();

    put(root, "drivers/random.c", &long("int new;\nint a;", "int glue;\n"));
    assert_eq!(apply(root, &glue("other", &[patch])).unwrap(), [Change::Update(SERIES[0].object_path())]);
    put(root, "drivers/random.c", &long("int a;", "int glue;\n"));
    revert(root).unwrap();
    assert_eq!(read(root, "drivers/random.c").unwrap().unwrap(), long("int a;", "").as_bytes());
    assert!(!root.join(SERIES[0].object_path()).exists());
}

#[test]
fn a_lost_record_blocks_no_revert_by_which_all_patches_come_out() {
    let directory = pristine();
    let root = directory.path();
    let before = snapshot(root);
    let record = root.join(SERIES[0].record_path());
    apply(root, &glue("object", &[PATCH, MM_PATCH])).unwrap();
    fs_err::remove_file(&record).unwrap();
    let changes = revert(root).unwrap();
    assert!(changes.contains(&Change::Restore("mm/m.c".into())), "{changes:?}");
    assert_eq!(snapshot(root), before);

    // Killed after each step.
    for done in 1..5 {
        apply(root, &glue("object", &[PATCH, MM_PATCH])).unwrap();
        fs_err::remove_file(&record).unwrap();
        let plan = Plan::revert(&recognise(root).unwrap(), &glue("", &[PATCH, MM_PATCH])).unwrap();
        transaction::commit(root, &plan.steps[..done]).unwrap();
        revert(root).unwrap();
        assert_eq!(snapshot(root), before, "after {done} of {} steps", plan.steps.len());
    }
}

#[test]
fn a_lost_record_and_changed_glue_leave_the_tree_alone() {
    let directory = pristine();
    let root = directory.path();
    apply(root, &glue("object", &[PATCH])).unwrap();
    fs_err::remove_file(root.join(SERIES[0].record_path())).unwrap();
    let error_of = || {
        let before = snapshot(root);
        let error = format!("{:#}", revert(root).unwrap_err());
        assert_eq!(snapshot(root), before, "a refusal touches nothing");
        error
    };
    let error = error_of();
    assert!(error.contains("0001.patch: mm/m.c: hunk 1 of 1 (line 1) does not fit"), "{error}");
    put(root, "include/vdso/abi.h", "#define A 2\n");
    let error = error_of();
    assert!(error.contains("include/vdso/abi.h is not the file of this glue"), "{error}");
}

/// Git run in such a tree would take the repository's top for the tree, or skip what lies outside of its directory.
#[test]
fn a_tree_inside_a_repository_and_a_work_tree_are_patched_and_reverted() {
    let (repository, work_tree) = (pristine(), pristine());
    let git = |words: &[&str]| {
        let command = duct::cmd("git", ["-c", "user.name=t", "-c", "user.email=t"].iter().chain(words));
        command.dir(repository.path()).stdout_null().run().unwrap()
    };
    git(&["init", "--quiet"]);
    git(&["commit", "--quiet", "--allow-empty", "--message", "empty"]);
    let linked = work_tree.path().join("linked");
    git(&["worktree", "add", "--quiet", linked.to_str().unwrap()]);
    let below = repository.path().join("ignored");
    put(repository.path(), ".gitignore", "*\n");
    for root in [repository.path(), &linked, &below] {
        for (path, _) in snapshot(work_tree.path()).iter().filter(|(_, entry)| entry.is_some()) {
            let name = path.strip_prefix(work_tree.path()).unwrap();
            if !name.starts_with("linked") {
                put(root, name.to_str().unwrap(), &fs_err::read_to_string(path).unwrap());
            }
        }
        let before = snapshot(root);
        apply(root, &glue("object", &[PATCH, MM_PATCH])).unwrap();
        assert_eq!(read(root, "mm/m.c").unwrap().unwrap(), b"x\nY\nz\n");
        revert(root).unwrap();
        assert_eq!(snapshot(root), before);
    }
}

#[test]
fn a_directory_in_which_a_foreign_file_lies_stays() {
    let directory = pristine();
    let root = directory.path();
    apply(root, &glue("object", &[PATCH])).unwrap();
    put(root, "include/vdso/mine.h", "");
    revert(root).unwrap();
    assert!(root.join("include/vdso/mine.h").exists() && !root.join("include/vdso/abi.h").exists());
}

#[test]
fn a_replacement_that_was_interrupted_anywhere_is_recognised() {
    let (first, second) = (glue("object", &[PATCH]), glue("other", &[MM_PATCH]));
    let directory = pristine();
    apply(directory.path(), &first).unwrap();
    let steps = Plan::apply(&recognise(directory.path()).unwrap(), &second).unwrap().steps.len();
    assert!(steps > 3);

    for done in 0..steps {
        let directory = pristine();
        let root = directory.path();
        let before = snapshot(root);
        apply(root, &first).unwrap();
        let plan = Plan::apply(&recognise(root).unwrap(), &second).unwrap();
        transaction::commit(root, &plan.steps[..done]).unwrap();

        if done % 2 == 0 {
            apply(root, &second).unwrap();
            assert_eq!(read(root, "mm/m.c").unwrap().unwrap(), b"x\nY\nz\n");
        }
        revert(root).unwrap();
        assert_eq!(snapshot(root), before, "after {done} of {steps} steps");
    }
}

#[test]
fn an_interrupted_reversion_can_be_finished() {
    let directory = pristine();
    let root = directory.path();
    let before = snapshot(root);
    apply(root, &glue("object", &[PATCH])).unwrap();
    let plan = Plan::revert(&recognise(root).unwrap(), &glue("", &[])).unwrap();
    transaction::commit(root, &plan.steps[..2]).unwrap();
    revert(root).unwrap();
    assert_eq!(snapshot(root), before);
}

#[test]
fn a_reversion_clears_away_what_a_killed_application_left() {
    let directory = pristine();
    let root = directory.path();
    let before = snapshot(root);
    let plan = Plan::apply(&recognise(root).unwrap(), &glue("object", &[PATCH])).unwrap();
    // The record is there, and a file that no step of the reversion is about was waiting for its rename.
    transaction::commit(root, &plan.steps[..1]).unwrap();
    put(root, "drivers/.vdso-getrandom-staged-4294967295-x", "");
    revert(root).unwrap();
    assert_eq!(snapshot(root), before);
}

#[test]
fn a_write_that_fails_leaves_the_tree_as_it_was() {
    let directory = pristine();
    let root = directory.path();
    // A directory at the object's path stops the commit after the record was written.
    let plan = Plan::apply(&recognise(root).unwrap(), &glue("object", &[PATCH])).unwrap();
    fs_err::create_dir_all(root.join("arch/x86/entry/vdso/vgetrandom.o_shipped/in/the/way")).unwrap();
    let before = snapshot(root);
    let error = format!("{:#}", plan.commit().unwrap_err());
    assert!(error.contains("nothing was changed") && error.contains("vgetrandom.o_shipped"), "{error}");
    assert_eq!(snapshot(root), before);
}

#[test]
fn records_that_cannot_be_understood_and_links_are_refused() {
    let directory = pristine();
    let root = directory.path();
    let glue = glue("object", &[PATCH]);
    put(root, &SERIES[0].record_path(), "{}");
    assert!(refused(root, &glue).contains("not a record of this version"));
    put(root, &SERIES[0].record_path(), "{\"format\": 2, \"applications\": []}");
    assert!(refused(root, &glue).contains("not a record of this version"));
    fs_err::remove_file(root.join(SERIES[0].record_path())).unwrap();

    fs_err::rename(root.join("drivers/random.c"), root.join("drivers/elsewhere.c")).unwrap();
    std::os::unix::fs::symlink("elsewhere.c", root.join("drivers/random.c")).unwrap();
    assert!(refused(root, &glue).contains("drivers/random.c: not a plain file"));
}
