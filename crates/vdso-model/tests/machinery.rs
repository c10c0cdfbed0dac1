// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The model itself: encoding, search, counterexamples, and checks that find planted violations.

use std::collections::{BTreeMap, BTreeSet};
use vdso_model::bounds::{ONE_HANDLER, QUIET};
use vdso_model::call::{Answer, step};
use vdso_model::cipher::Cipher;
use vdso_model::counterexample::{describe, run_events, word};
use vdso_model::encode::{decode, encode};
use vdso_model::event::{Event, apply, events};
use vdso_model::explore::explore;
use vdso_model::frame::Pc;
use vdso_model::memory::{FETCHING, idle, own_tag};
use vdso_model::protocol::{Change, Protocol};
use vdso_model::report::run;
use vdso_model::scenario::{Bounds, Scenario, Start};
use vdso_model::value::{Key, Value, place_bit};
use vdso_model::violation::{Violation, check_idle};
use vdso_model::world::{Budget, World};

fn scenario(rules: Protocol, bounds: Bounds, start: Start, len: u8) -> Scenario {
    Scenario { rules, bounds, start, len, cipher: Cipher::Avx2 }
}

/// Every world of a scenario, by its bytes.
fn worlds(scenario: &Scenario, limit: usize) -> BTreeMap<Vec<u8>, World> {
    let bytes = |world: &World| {
        let mut bytes = Vec::new();
        encode(world, &mut bytes);
        bytes
    };
    let root = scenario.root();
    let (mut known, mut open) = (BTreeMap::from([(bytes(&root), root)]), vec![root]);
    while let Some(world) = open.pop()
        && known.len() < limit
    {
        events(scenario, &world, |event| {
            let mut after = apply(scenario, &world, event).world;
            after.canonicalize();
            if known.insert(bytes(&after), after).is_none() {
                open.push(after);
            }
        });
    }
    known
}

#[test]
fn decode_inverts_encode_for_every_world() {
    for start in Start::USUAL {
        let scenario = scenario(Protocol::CURRENT, ONE_HANDLER, start, 3);
        let worlds = worlds(&scenario, 20_000);
        assert!(worlds.len() >= 20_000 || start == Start::InUse);
        for (bytes, world) in &worlds {
            let (decoded, rest) = decode(bytes);
            assert_eq!((&decoded, rest), (world, &[][..]));
        }
    }
}

#[test]
fn canonicalize_is_idempotent() {
    let scenario = scenario(Protocol::CURRENT, ONE_HANDLER, Start::Idle(2), 3);
    for world in worlds(&scenario, 5_000).values() {
        let mut again = *world;
        again.canonicalize();
        assert_eq!(again, *world);
    }
}

#[test]
fn explore_finds_each_world_once() {
    let scenario = scenario(Protocol::CURRENT, QUIET, Start::Fresh, 1);
    assert_eq!(explore(&scenario, u64::MAX).states, worlds(&scenario, usize::MAX).len() as u64);
    let wipes = Bounds { budget: Budget { wipes: 1, ..QUIET.budget }, ..QUIET };
    let scenario = Scenario { bounds: wipes, ..scenario };
    assert_eq!(explore(&scenario, u64::MAX).states, worlds(&scenario, usize::MAX).len() as u64);
}

#[test]
fn explore_reports_the_limit() {
    let scenario = scenario(Protocol::CURRENT, ONE_HANDLER, Start::Fresh, 1);
    assert!(explore(&scenario, 1_000).cut && !explore(&scenario, u64::MAX).cut);
}

#[test]
fn two_draws_make_a_fresh_state_idle() {
    let mut world = scenario(Protocol::CURRENT, QUIET, Start::Fresh, 1).root();
    let mut word_after = Vec::new();
    for _ in 0..2 {
        while world.depth() > 0 {
            let made = step(&mut world, &Protocol::CURRENT, Cipher::Sse2, Answer::Whole);
            assert_eq!(made.violation, None);
        }
        word_after.push(world.memory.word);
        world.push(vdso_model::call::begin(&Protocol::CURRENT, 1));
    }
    assert_eq!(word_after, [1, idle(1)]);
}

#[test]
fn check_idle_finds_planted_violations() {
    let rules = Protocol::CURRENT;
    let mut world = scenario(rules, QUIET, Start::Idle(2), 1).root();
    world.pop();
    let checked = |change: fn(&mut World)| {
        let mut world = world;
        change(&mut world);
        check_idle(&world, &world.memory, rules.form)
    };
    let id = |value: Value| value.key().expect("a key");
    assert_eq!(checked(|_| {}), None);
    assert_eq!(checked(|world| world.memory.key = Value::Zero), Some(Violation::IdleWithoutKey));
    assert_eq!(checked(|world| world.keys.as_mut_slice()[0].parents = true), Some(Violation::IdleWithoutKey));
    assert_eq!(checked(|world| world.memory.count = 1), Some(Violation::KeptInState));
    assert_eq!(checked(|world| world.memory.batch[1] = Value::Zero), Some(Violation::IdleBadBatch));
    assert_eq!(checked(|world| world.memory.batch[1] = world.memory.batch[0]), Some(Violation::IdleBadBatch));
    let Value::Stream { key, counter, cell } = world.memory.batch[0] else { panic!("a full batch") };
    world.keys.get_mut(key).returned |= place_bit(counter, cell);
    assert_eq!(check_idle(&world, &world.memory, rules.form), Some(Violation::IdleBadBatch));
    world.memory.count = 0;
    world.keys.get_mut(id(world.memory.key)).returned = 1;
    assert_eq!(check_idle(&world, &world.memory, rules.form), Some(Violation::IdleUsedKey));
    world.published = 2;
    assert_eq!(check_idle(&world, &world.memory, rules.form), None, "no call takes this state");
}

#[test]
fn return_check_finds_planted_violations() {
    let rules = Protocol::CURRENT;
    let returned = |plant: fn(&mut World)| {
        let mut world = scenario(rules, QUIET, Start::Idle(2), 1).root();
        while world.top().pc != Pc::Release {
            step(&mut world, &rules, Cipher::Avx2, Answer::Whole);
        }
        plant(&mut world);
        step(&mut world, &rules, Cipher::Avx2, Answer::Whole).violation
    };
    let key = |world: &mut World| usize::from(world.top().output[0].key().expect("a byte of the batch"));
    assert_eq!(returned(|_| {}), None);
    assert_eq!(returned(|world| world.top().output[0] = Value::Zero), Some(Violation::Zeros));
    assert_eq!(returned(|world| world.top().output[0] = Value::Scratch(0)), Some(Violation::KeyWords));
    assert_eq!(returned(|world| world.top().floor = 2), Some(Violation::OldGeneration));
    type Plant = fn(&mut Key);
    let plants: [(Plant, Violation); 3] = [
        (|key| key.returned = u8::MAX, Violation::Twice),
        (|key| key.abandoned = u8::MAX, Violation::OfAbandoned),
        (|key| key.parents = true, Violation::Parents),
    ];
    for (plant, violation) in plants {
        let mut world = scenario(rules, QUIET, Start::Idle(2), 1).root();
        while world.top().pc != Pc::Release {
            step(&mut world, &rules, Cipher::Avx2, Answer::Whole);
        }
        let at = key(&mut world);
        plant(&mut world.keys.as_mut_slice()[at]);
        assert_eq!(step(&mut world, &rules, Cipher::Avx2, Answer::Whole).violation, Some(violation));
    }
}

#[test]
fn describe_prints_a_shortest_counterexample() {
    let rules =
        Protocol { name: "plain", release_taken: Change::Store, release_fetched: Change::Store, ..Protocol::CURRENT };
    let bounds = Bounds { budget: Budget { wipes: 1, ..QUIET.budget }, ..QUIET };
    let scenario = scenario(rules, bounds, Start::Idle(2), 1);
    let explored = explore(&scenario, u64::MAX);
    let path = &explored.violations[&Violation::IdleWithoutKey];
    // Ten accesses of a draw on the fast path, and the wipe right before the last one.
    assert_eq!(path.len(), 11);
    assert_eq!(path[9], Event::Wipe);
    assert!(path.iter().enumerate().all(|(at, event)| at == 9 || *event == Event::Step(Answer::Whole)));
    let outcomes = run_events(&scenario, path);
    assert_eq!(outcomes.last().and_then(|(_, _, outcome)| outcome.violation), Some(Violation::IdleWithoutKey));
    assert!(outcomes[..10].iter().all(|(_, _, outcome)| outcome.violation.is_none()));
    let text = describe(&scenario, Violation::IdleWithoutKey, path);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2 + path.len() + 1);
    assert_eq!(lines[2], "  1. A read generation: reads the generation");
    assert_eq!(lines[11], " 10. - the state becomes zero: its page is dropped");
    assert_eq!(lines[12], " 11. A write word: releases the state, and returns the bytes [word: idle of generation 1]");
    assert_eq!(lines[13], "     violation: idle without a live key");
}

#[test]
fn word_describes_every_kind_of_word() {
    let words = [0, 1, idle(1), 2, FETCHING | 4, own_tag(1), FETCHING | own_tag(0), own_tag(0) | 1].map(word);
    assert_eq!(
        words,
        [
            "0",
            "1 (idle of no generation)",
            "idle of generation 1",
            "in use under generation 1",
            "FETCHING | in use under generation 2",
            "tag of B",
            "FETCHING | tag of A",
            "tag of A | 1"
        ]
    );
}

#[test]
fn run_does_not_depend_on_the_number_of_workers() {
    let bounds = Bounds { lens: &[1], ..ONE_HANDLER };
    let rules = Protocol { name: "first", ..Protocol::FIRST };
    let rows = [1, 2].map(|workers| run(&rules, &bounds, workers));
    assert_eq!(rows[0].states, rows[1].states);
    let paths = rows.map(|row| row.violations.into_values().map(|(_, path)| path.len()).collect::<Vec<_>>());
    assert_eq!(paths[0], paths[1]);
}

#[test]
fn controls_have_unique_names() {
    let names: BTreeSet<_> =
        vdso_model::catalogue::CONTROLS.iter().map(|control| (control.rules.name, control.bounds.name)).collect();
    assert_eq!(names.len(), vdso_model::catalogue::CONTROLS.len());
}
