// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The model and the built object make the same accesses, on every path, with every cipher that this processor has.

mod scenes;

use scenes::{HAPPENINGS, Happens, SCENES, Scene};
use vdso_abi::rng_data::simd;
use vdso_inject::Subject;
use vdso_inject::bench::Bench;
use vdso_inject::case::{Entry, Place};
use vdso_model::cipher::Cipher;
use vdso_model::object::ObjectCall;
use vdso_model::protocol::Protocol;
use vdso_model::steps::{Call, Happening, Label, normal_form};
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
    let (model, object) = (normal_form(model), normal_form(object));
    let at =
        model.iter().zip(&object).position(|(model, object)| model != object).unwrap_or(model.len().min(object.len()));
    (model != object).then(|| {
        let from = at.saturating_sub(3);
        format!("from access {from} on\n  model:  {:?}\n  object: {:?}", &model[from..], &object[from..])
    })
}

#[test]
fn object_makes_the_accesses_of_the_model() {
    let subject = Subject::image(&Vdso::products().join("vdso64.so")).unwrap_or_else(|error| panic!("{error}"));
    let bench = Bench::new(&subject).unwrap_or_else(|error| panic!("{error}"));
    let (mut compared, mut wrong) = (0, Vec::new());
    for &level in subject.levels() {
        for &entry in subject.entries() {
            let first = entry == subject.entries()[0];
            // The entry points differ before the first access alone.
            for scene in SCENES.iter().filter(|scene| first || scene.happens != Happens::Not) {
                let (call, object) = calls(scene, entry, level);
                let mut compare = |when, what| {
                    let place = if scene.without_generation { Place::NoGeneration } else { Place::Usual };
                    subject.set_scene(place, level).expect("pages of our own");
                    let (model, _) = call.list(when, what);
                    compared += 1;
                    if let Some(parting) = parting(&model, &object.list(&bench, when, what)) {
                        wrong.push(format!("{}, {entry:?}, {level}, {what:?} before {when}: {parting}", scene.name));
                    }
                };
                compare(0, Happening::Nothing);
                // Events are the same to both entry points, and to all ciphers but for the steps between two checks: the
                // widest cipher has the fewest instructions.
                if entry != subject.entries()[0] || Some(&level) != subject.levels().last() {
                    continue;
                }
                let (_, places) = call.list(0, Happening::Nothing);
                for &what in HAPPENINGS.iter().filter(|what| scene.allows(**what)) {
                    for &when in &places {
                        compare(when, what);
                    }
                }
            }
        }
    }
    println!("{compared} lists compared");
    assert!(
        wrong.is_empty(),
        "{} of {compared} lists differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(8)].join("\n")
    );
}
