// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Which instructions of which calls are interrupted by which events.

use crate::case::Case;
use crate::event::Event;
use crate::trace::Trace;
use std::collections::HashMap;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A sample that finds any broken clause: seconds.
    Short,
    /// Every instruction that is executed once, by each event, and a sample of the loops: a minute or two.
    Usual,
    /// Every instruction each time that it is executed: hours.
    Exhaustive,
}

/// How many of the instructions of one call are interrupted by one event.
struct Share {
    /// Of those executed once; the others follow in other calls.
    straight: usize,
    /// Of those in loops.
    loops: usize,
}

impl Effort {
    fn share(self, event: Event, case: &Case) -> Option<Share> {
        let Share { straight, loops } = match self {
            Self::Exhaustive => return None,
            Self::Usual => Share { straight: 140, loops: 60 },
            Self::Short => Share { straight: 10, loops: 4 },
        };
        // A fork takes as long as twenty other events, and each pass of a loop as long as two.
        let divisor = if event.forks() { 10 } else { 1 } * if case.len() > 1000 { 4 } else { 1 };
        Some(Share { straight: (straight / divisor).max(1), loops: (loops / divisor).max(1) })
    }
}

/// The positions in `trace` before which `event` happens: those of this effort, always the same for one `rng`.
///
/// `turn` counts calls that execute about the same instructions, so that what one leaves out the next one takes.
pub fn positions(
    effort: Effort,
    case: &Case,
    event: Event,
    trace: &Trace,
    turn: usize,
    rng: &mut fastrand::Rng,
) -> Vec<usize> {
    let all = 0..trace.pcs.len();
    if event == Event::Nothing {
        return vec![0; 4];
    }
    let Some(share) = effort.share(event, case) else { return all.collect() };
    let mut times: HashMap<usize, usize> = HashMap::new();
    for pc in &trace.pcs {
        *times.entry(*pc).or_default() += 1;
    }
    let (straight, loops): (Vec<usize>, Vec<usize>) = all.partition(|position| times[&trace.pcs[*position]] == 1);
    let stride = straight.len().div_ceil(share.straight).max(1);
    let mut positions: Vec<usize> = straight.into_iter().skip(turn % stride).step_by(stride).collect();
    positions.extend((0..share.loops.min(loops.len())).map(|_| loops[rng.usize(..loops.len())]));
    positions
}
