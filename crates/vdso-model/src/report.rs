// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Explores all scenarios of a protocol within bounds, on all processors.

use crate::explore::{Counterexample, Explored, explore};
use crate::protocol::Protocol;
use crate::scenario::{Bounds, Scenario};
use crate::violation::Violation;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The limit of worlds of one scenario, which bounds memory: 16 bytes for each, twice that while the table grows, and the
/// encodings.
pub const LIMIT: u64 = 50_000_000;

/// The results of one protocol within bounds.
#[derive(Clone, Debug)]
pub struct Row {
    /// The name of the protocol.
    pub protocol: &'static str,
    /// The name of the bounds.
    pub bounds: &'static str,
    /// Number of scenarios.
    pub scenarios: usize,
    /// Number of worlds in all scenarios.
    pub states: u64,
    /// Number of events in all scenarios.
    pub events: u64,
    /// Number of scenarios that reached the limit.
    pub cut: usize,
    /// Duration of the exploration.
    pub time: Duration,
    /// For each class of violations a counterexample in the first scenario that shows it.
    pub violations: BTreeMap<Violation, (Scenario, Counterexample)>,
}

impl Row {
    /// The classes of violations.
    pub fn classes(&self) -> Vec<Violation> {
        self.violations.keys().copied().collect()
    }
}

/// The processors that this process may use.
pub fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Explores all scenarios of `rules` within `bounds`.
pub fn run(rules: &Protocol, bounds: &Bounds, workers: usize) -> Row {
    let begun = Instant::now();
    let scenarios = Scenario::all(rules, bounds);
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..workers.clamp(1, scenarios.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(scenario) = scenarios.get(place) else { break };
                    let explored = explore(scenario, LIMIT);
                    done.lock().expect("no worker panics with the lock").push((place, explored));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("all workers have ended");
    // Sort by scenario: the row must not depend on the speed of the workers.
    done.sort_by_key(|(place, _)| *place);
    let mut row = Row {
        protocol: rules.name,
        bounds: bounds.name,
        scenarios: scenarios.len(),
        states: 0,
        events: 0,
        cut: 0,
        time: begun.elapsed(),
        violations: BTreeMap::new(),
    };
    for (place, Explored { states, events, violations, cut }) in done {
        row.states += states;
        row.events += events;
        row.cut += usize::from(cut);
        for (violation, path) in violations {
            row.violations.entry(violation).or_insert((scenarios[place], path));
        }
    }
    row
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { protocol, bounds, scenarios, states, cut, time, .. } = self;
        let seconds = time.as_secs_f64();
        write!(f, "{protocol:34} {bounds:34} {scenarios:4} {states:11} {seconds:6.1} s  ")?;
        if *cut > 0 {
            write!(f, "({cut} scenarios cut at {LIMIT} states) ")?;
        }
        let classes: Vec<&str> = self.violations.keys().map(|violation| violation.text()).collect();
        if classes.is_empty() { f.write_str("no violation") } else { f.write_str(&classes.join(", ")) }
    }
}
