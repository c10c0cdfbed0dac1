// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Which instructions of which calls are interrupted by which events.

use crate::event::Event;
use crate::trace::Trace;
use std::collections::BTreeMap;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A sample that finds any broken clause: seconds.
    Short,
    /// Every instruction by each event, at one of the times that it is executed: a minute or two.
    Usual,
    /// Every instruction each time that it is executed: hours.
    Exhaustive,
}

impl Effort {
    /// How many of the instructions of one call are interrupted by one event; the others follow in other calls.
    fn share(self, event: Event) -> usize {
        match (self, event.forks()) {
            (Self::Exhaustive, _) => usize::MAX,
            (Self::Usual, false) => 200,
            // A fork takes as long as twenty other events.
            (Self::Usual, true) => 80,
            (Self::Short, false) => 14,
            (Self::Short, true) => 3,
        }
    }
}

/// The positions in `trace` before which `event` happens: those of this effort, always the same for one `rng`.
///
/// `turn` counts calls that execute about the same instructions, so that what one leaves out the next one takes.
pub fn positions(effort: Effort, event: Event, trace: &Trace, turn: usize, rng: &mut fastrand::Rng) -> Vec<usize> {
    /// Runs without an event, of which one is as good as another.
    const NOTHING: usize = 4;
    if event == Event::Nothing {
        return vec![0; NOTHING];
    }
    if effort == Effort::Exhaustive {
        return (0..trace.pcs.len()).collect();
    }
    let mut occasions: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (position, pc) in trace.pcs.iter().enumerate() {
        occasions.entry(*pc).or_default().push(position);
    }
    let stride = occasions.len().div_ceil(effort.share(event));
    let is_due = |pc: usize| (pc + turn).is_multiple_of(stride);
    let due = occasions.into_iter().filter(|(pc, _)| is_due(*pc));
    due.map(|(_, positions)| positions[rng.usize(..positions.len())]).collect()
}
