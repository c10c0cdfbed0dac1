// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Runs the kept inputs of the fuzzer again.

use std::sync::LazyLock;
use vdso_fuzz::{Recipe, Seeds, Target, corpus};

static SEEDS: LazyLock<Seeds> = LazyLock::new(Seeds::make);

/// Runs all kept inputs of a target. There are at least a hundred, and the target accepts some of them but not all.
fn replay(target: Target) {
    let recipes = corpus::kept(target, &SEEDS).unwrap();
    let accepted = recipes.iter().filter(|recipe| target.run(&SEEDS, recipe)).count();
    println!("{}: {accepted} of {} kept inputs accepted", target.name(), recipes.len());
    assert!(recipes.len() >= 100, "{} kept inputs", recipes.len());
    assert!(accepted > 0 && accepted < recipes.len(), "{accepted} of {}", recipes.len());
}

#[test]
fn object_keeps_its_properties_on_kept_inputs() {
    replay(Target::Object);
}

#[test]
fn image_keeps_its_properties_on_kept_inputs() {
    replay(Target::Image);
}

#[test]
fn verify_keeps_its_properties_on_kept_inputs() {
    replay(Target::Verify);
}

#[test]
fn splice_keeps_its_properties_on_kept_inputs() {
    replay(Target::Splice);
}

#[test]
fn targets_accept_good_files_without_edits() {
    for target in Target::ALL {
        for number in 0..target.seeds(&SEEDS).len() {
            let recipe = Recipe::of_bytes(&[number as u8]);
            assert!(target.run(&SEEDS, &recipe), "{}", recipe.to_text(target.seeds(&SEEDS)).unwrap());
        }
    }
}

#[test]
fn recipe_is_the_same_as_bytes_and_as_text() {
    let seeds = Target::Verify.seeds(&SEEDS);
    let text = "splice .dynsym+0x18=4:0xffffffff file+0x40=cut:0x0 .text+0x0=insert:0x1000 ELF-header+0x5=add:0x1";
    let recipe = Recipe::of_text(text, seeds).unwrap();
    assert_eq!(recipe.to_text(seeds).as_deref(), Some(text));
    assert_eq!(Recipe::of_bytes(&recipe.to_bytes()), recipe);
    for wrong in
        ["", "unknown", "splice .dynsym", "splice .nothing+0x0=1:0x0", "splice file+0=1:0x0", "splice file+0x0=9:0x0"]
    {
        assert_eq!(Recipe::of_text(wrong, seeds), None, "{wrong:?}");
    }
}

#[test]
fn edits_change_what_they_name() {
    let seeds = Target::Verify.seeds(&SEEDS);
    let good = &seeds[0].data;
    let made = |edit: &str| Recipe::of_text(&format!("{} {edit}", seeds[0].name), seeds).unwrap().apply(seeds);
    assert_eq!(made("ELF-header+0x10=2:0x1")[..20], [&good[..16], &[1, 0], &good[18..20]].concat());
    assert_eq!(made("ELF-header+0x50=1:0x7")[16], 7, "an offset is taken modulo the length of its place");
    assert_eq!(made("ELF-header+0x10=add:0x1")[16], good[16] + 1);
    assert_eq!(made("file+0x40=cut:0x0"), good[..0x40]);
    assert_eq!(made("file+0x4=insert:0x209")[..8], [&good[..4], &[9, 9], &good[4..6]].concat());
    assert_eq!(made("file+0x8=copy:0x400000000")[8..12], good[..4]);
    assert_eq!(made(".altinstructions+0x0=8:0x0"), *good, "a place that the file lacks");
}

#[test]
fn select_copies_short_inputs_that_mean_the_same_everywhere() {
    let seeds = Target::Verify.seeds(&SEEDS);
    let [from, to] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let (good, edit) = ("splice ELF-header+0x5=add:0x1", [1, 0, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    let inputs = [
        ("good", Recipe::of_text(good, seeds).unwrap().to_bytes()),
        ("of-a-machine", [&[0xf8], &edit[..]].concat()),
        ("itself-the-file", [&[0xff], &edit[..]].concat()),
        ("long", [&[0], edit.repeat(6).as_slice()].concat()),
    ];
    for (name, input) in inputs {
        std::fs::write(from.path().join(name), input).unwrap();
    }
    corpus::select(Target::Verify, &SEEDS, from.path(), to.path()).unwrap();
    let selected: Vec<_> = std::fs::read_dir(to.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [selected] = selected.as_slice() else { panic!("{selected:?}") };
    assert_eq!(Recipe::of_bytes(&std::fs::read(selected).unwrap()).to_text(seeds).as_deref(), Some(good));
}
