// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The model and the built object make the same accesses, on every path, with every cipher that this processor has.

mod scenes;

use scenes::{DISTURBANCES, Happens, SCENES, Scene};
use std::collections::BTreeSet;
use vdso_abi::rng_data::simd;
use vdso_inject::Target;
use vdso_inject::case::{DataPage, Entry};
use vdso_inject::harness::Harness;
use vdso_model::catalogue::{CONTROLS, EQUIVALENT, INEXPRESSIBLE};
use vdso_model::cipher::Cipher;
use vdso_model::object::ObjectCall;
use vdso_model::protocol::Protocol;
use vdso_model::replay::{Replayed, replay};
use vdso_model::report::{processors, run};
use vdso_model::scenario::Bounds;
use vdso_model::steps::{Call, Disturbance, Label, normal_form};
use vdso_tests::vdso::Vdso;

/// The protocol that the object follows.
const OBJECT: Protocol = Protocol::CURRENT;

fn cipher(level: u8) -> Cipher {
    match level {
        simd::SSE2 => Cipher::Sse2,
        simd::AVX2 => Cipher::Avx2,
        _ => Cipher::Avx512vl,
    }
}

fn calls(scene: &Scene, entry: Entry, level: u8) -> (Call, ObjectCall) {
    let Scene { start, cells, fill, bytes, handler_bytes, kernel, small, .. } = *scene;
    let rules = Protocol { small, ..OBJECT };
    (
        Call { rules, start, len: cells, cipher: cipher(level), kernel },
        ObjectCall { entry, fill, bytes, handler_bytes, kernel },
    )
}

/// Where two lists part.
fn parting(model: &[Label], object: &[Label]) -> Option<String> {
    let (model, object) = (normal_form(model), object);
    let shorter = model.len().min(object.len());
    let at = model.iter().zip(object).position(|(model, object)| model != object).unwrap_or(shorter);
    (model != object).then(|| {
        let from = at.saturating_sub(3);
        format!("from access {from} on\n  model:  {:?}\n  object: {:?}", &model[from..], &object[from..])
    })
}

/// One call of the object, and the model's call that corresponds to it.
struct Listed {
    name: String,
    call: Call,
    when: usize,
    what: Disturbance,
    object: Vec<Label>,
}

/// The lists of the object, in normal form.
fn lists_of_the_object(harness: &Harness<'_>) -> Vec<Listed> {
    let target = harness.target();
    let mut lists = Vec::new();
    for &level in target.levels() {
        for &entry in target.entries() {
            let first = entry == target.entries()[0];
            // The entry points differ before the first access alone.
            for scene in SCENES.iter().filter(|scene| first || scene.happens != Happens::Not) {
                let (call, object) = calls(scene, entry, level);
                let mut list = |when, what| {
                    let place = if scene.without_generation { DataPage::NoGeneration } else { DataPage::Default };
                    target.set_data_page(place, level).expect("pages of our own");
                    let name = format!("{}, {entry:?}, cipher {level}, {what:?} before {when}", scene.name);
                    let object = normal_form(&object.list(harness, when, what));
                    lists.push(Listed { name, call, when, what, object });
                };
                list(0, Disturbance::Nothing);
                // Events are the same to both entry points, and to all ciphers but for the steps between two checks: the
                // widest cipher has the fewest instructions.
                if !first || Some(&level) != target.levels().last() {
                    continue;
                }
                let (_, places) = call.list(0, Disturbance::Nothing);
                for &what in DISTURBANCES.iter().filter(|what| scene.allows(**what)) {
                    places.iter().for_each(|when| list(*when, what));
                }
            }
        }
    }
    lists
}

/// The lists in which a protocol parts from the object.
fn partings(lists: &[Listed], rules: &Protocol) -> Vec<String> {
    let of = |listed: &Listed| {
        let rules = Protocol { small: listed.call.rules.small, ..*rules };
        let (model, _) = Call { rules, ..listed.call }.list(listed.when, listed.what);
        Some(format!("{}: {}", listed.name, parting(&model, &listed.object)?))
    };
    lists.iter().filter_map(of).collect()
}

#[test]
fn object_makes_the_accesses_of_its_protocol_and_of_no_other() {
    let target = Target::image(&Vdso::products().join("vdso64.so")).unwrap_or_else(|error| panic!("{error}"));
    let harness = Harness::new(&target).unwrap_or_else(|error| panic!("{error}"));
    first_protocol_fails_in_the_model_alone(&harness);
    let lists = lists_of_the_object(&harness);
    let wrong = partings(&lists, &OBJECT);
    println!("{} lists compared", lists.len());
    assert!(
        wrong.is_empty(),
        "{} of {} lists differ:\n{}",
        wrong.len(),
        lists.len(),
        wrong[..wrong.len().min(8)].join("\n")
    );

    // The comparison bites: each other protocol parts from the object somewhere, but for those that are listed.
    let same: BTreeSet<&str> = CONTROLS
        .iter()
        .filter(|control| control.rules != OBJECT && partings(&lists, &control.rules).is_empty())
        .map(|control| control.rules.name)
        .collect();
    assert_eq!(same, SAME_LISTS.into());
}

/// The stories of the first protocol's hole N1, replayed on the object: the events come about, and nothing is shown.
fn first_protocol_fails_in_the_model_alone(harness: &Harness<'_>) {
    harness.target().set_data_page(DataPage::Default, simd::SSE2).expect("pages of our own");
    let control = CONTROLS.iter().find(|control| control.rules == Protocol::FIRST).expect("it is a control");
    let row = run(&control.rules, &Bounds { ciphers: &[Cipher::Sse2], ..*control.bounds }, processors());
    let replays = row
        .violations
        .values()
        .filter_map(|(scenario, way)| replay(harness, harness.target().entries()[0], scenario, way));
    let replays: Vec<Replayed> = replays.collect();
    assert!(replays.iter().any(|replayed| replayed.missed == 0), "{replays:?}");
    assert!(replays.iter().all(|replayed| replayed.shown.is_empty()), "{replays:?}");
}

/// Controls whose accesses are the object's in every scene: they access other addresses of the same part, restart once more
/// under a second reseed, or use another counter. The model tells them apart.
const SAME_LISTS: [&str; 3] = ["k5-no-rewind", "k6-restart-without-end", "m3-same-counters"];

#[test]
fn mutants_of_the_object_and_controls_of_the_model_have_the_same_names() {
    let of_the_object: BTreeSet<String> = vdso_tests::mutants::all().map(|mutant| mutant.id.to_owned()).collect();
    let names = |list: &mut dyn Iterator<Item = &'static str>| list.map(str::to_owned).collect::<BTreeSet<String>>();
    let of_the_model =
        names(&mut CONTROLS.iter().filter(|control| control.is_object_mutant).map(|control| control.rules.name));
    let harmless = EQUIVALENT.iter().map(|(rules, ..)| rules.name).filter(|name| of_the_object.contains(*name));
    let left_out = names(&mut INEXPRESSIBLE.iter().map(|(name, _)| *name).chain(harmless));
    assert_eq!(of_the_model.intersection(&left_out).count(), 0);
    assert_eq!(of_the_object, of_the_model.union(&left_out).cloned().collect());
    let others =
        names(&mut CONTROLS.iter().filter(|control| !control.is_object_mutant).map(|control| control.rules.name));
    assert_eq!(of_the_object.intersection(&others).count(), 0, "such a control is an object mutant");
}
