// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Breadth-first search through all worlds of a scenario: the first path to a violation is a shortest one.

use crate::encode::{decode, encode};
use crate::event::{Event, apply, events};
use crate::scenario::Scenario;
use crate::violation::Violation;
use crate::world::World;
use foldhash::quality::FixedState;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

/// A 64-bit hash that identifies a world. If two worlds have the same hash, the second one is not explored: among 100 million
/// worlds this has a probability of 1 in 3,700.
pub type Fingerprint = u64;

/// A hasher that returns the fingerprint unchanged.
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

/// A shortest path to a violation: its events, from the root on.
pub type Counterexample = Vec<Event>;

/// The outcome of an exploration.
#[derive(Clone, Debug, Default)]
pub struct Explored {
    /// Number of worlds.
    pub states: u64,
    /// Number of events.
    pub events: u64,
    /// A counterexample for each class of violations that was found.
    pub violations: BTreeMap<Violation, Counterexample>,
    /// Whether the limit was reached, so that some worlds were not explored.
    pub cut: bool,
}

/// The worlds that were found, each with its predecessor.
type Visited = HashMap<Fingerprint, Fingerprint, BuildHasherDefault<Identity>>;

/// The predecessor of the root.
const NONE: Fingerprint = 0;

fn fingerprint(bytes: &[u8]) -> Fingerprint {
    let mut hasher = FixedState::with_seed(0x5eed).build_hasher();
    hasher.write(bytes);
    hasher.finish().max(1)
}

/// Explores a scenario up to `limit` worlds. A path ends at its first violation.
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
        .map(|(violation, (before, event))| (violation, path(scenario, &root, &visited, before, event)))
        .collect();
    explored
}

/// The events from the root to `last`, which happens in the world `before`.
fn path(scenario: &Scenario, root: &World, visited: &Visited, before: Fingerprint, last: Event) -> Counterexample {
    let mut worlds = vec![before];
    let mut at = before;
    while let Some(&earlier) = visited.get(&at).filter(|earlier| **earlier != NONE) {
        worlds.push(earlier);
        at = earlier;
    }
    let mut path = Vec::new();
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
        path.push(event);
        world = after;
    }
    path.push(last);
    path
}
