// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Breadth first through all worlds of a scenario, so that the first way to a violation is a shortest one.

use crate::encode::{decode, encode};
use crate::event::{Event, apply, events};
use crate::scenario::Scenario;
use crate::violation::Violation;
use crate::world::World;
use foldhash::quality::FixedState;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

/// A number that stands for a world. Two worlds of an exploration of 100 million have the same one with a chance of 1 in 3,700;
/// the second one would be left out.
pub type Fingerprint = u64;

/// Keeps a fingerprint as it is.
#[derive(Default)]
pub struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only fingerprints are keys");
    }

    fn write_u64(&mut self, fingerprint: u64) {
        self.0 = fingerprint;
    }
}

/// The way to a violation: its events, from the root on.
pub type Way = Vec<Event>;

/// The outcome of an exploration.
#[derive(Clone, Debug, Default)]
pub struct Explored {
    /// Worlds that were found.
    pub states: u64,
    /// Events that were tried.
    pub events: u64,
    /// Ways to the violations that were found: for each class a shortest one.
    pub violations: BTreeMap<Violation, Way>,
    /// Whether the limit of worlds was reached, so that some were left out.
    pub cut: bool,
}

/// The worlds that were found, each with the one before it.
type Visited = HashMap<Fingerprint, Fingerprint, BuildHasherDefault<Identity>>;

/// The root has no world before it.
const NONE: Fingerprint = 0;

fn fingerprint(bytes: &[u8]) -> Fingerprint {
    let mut hasher = FixedState::with_seed(0x5eed).build_hasher();
    hasher.write(bytes);
    hasher.finish().max(1)
}

/// Explores; stops at `limit` worlds. Nothing follows on a violation: the run has ended.
pub fn explore(scenario: &Scenario, limit: u64) -> Explored {
    let mut explored = Explored::default();
    let mut visited = Visited::default();
    let (mut layer, mut next, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    let root = scenario.root();
    encode(&root, &mut layer);
    visited.insert(fingerprint(&layer), NONE);
    let mut found: BTreeMap<Violation, (Fingerprint, Event)> = BTreeMap::new();
    'layers: while !layer.is_empty() {
        let mut rest = layer.as_slice();
        while !rest.is_empty() {
            let (world, after) = decode(rest);
            let this = fingerprint(&rest[..rest.len() - after.len()]);
            rest = after;
            events(scenario, &world, |event| {
                explored.events += 1;
                let outcome = apply(scenario, &world, event);
                if let Some(violation) = outcome.violation {
                    found.entry(violation).or_insert((this, event));
                    return;
                }
                let mut world = outcome.world;
                world.canonicalize();
                bytes.clear();
                encode(&world, &mut bytes);
                let new = fingerprint(&bytes);
                if let std::collections::hash_map::Entry::Vacant(entry) = visited.entry(new) {
                    entry.insert(this);
                    next.extend_from_slice(&bytes);
                }
            });
            if visited.len() as u64 >= limit {
                explored.cut = true;
                break 'layers;
            }
        }
        layer.clear();
        std::mem::swap(&mut layer, &mut next);
    }
    explored.states = visited.len() as u64;
    explored.violations = found
        .into_iter()
        .map(|(violation, (before, event))| (violation, way(scenario, &root, &visited, before, event)))
        .collect();
    explored
}

/// The events that lead from the root to `last`, which happens in the world `before`.
fn way(scenario: &Scenario, root: &World, visited: &Visited, before: Fingerprint, last: Event) -> Way {
    let mut worlds = vec![before];
    let mut at = before;
    while let Some(&earlier) = visited.get(&at).filter(|earlier| **earlier != NONE) {
        worlds.push(earlier);
        at = earlier;
    }
    let mut way = Vec::new();
    let mut world = *root;
    for wanted in worlds.iter().rev().skip(1) {
        let mut taken = None;
        events(scenario, &world, |event| {
            if taken.is_some() {
                return;
            }
            let outcome = apply(scenario, &world, event);
            let mut after = outcome.world;
            after.canonicalize();
            let mut bytes = Vec::new();
            encode(&after, &mut bytes);
            if outcome.violation.is_none() && fingerprint(&bytes) == *wanted {
                taken = Some((event, after));
            }
        });
        let (event, after) = taken.expect("each world was found from the one before it");
        way.push(event);
        world = after;
    }
    way.push(last);
    way
}
