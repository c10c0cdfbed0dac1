// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Which instructions of which calls are interrupted by which events.

use crate::case::Case;
use crate::event::Event;
use crate::trace::Trace;
use std::collections::BTreeMap;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// One case of so many; of the long ones, which take more time, fewer.
    pub one_case_of: usize,
    /// So many instructions of each call are interrupted by each event; the others follow in other calls.
    pub instructions: usize,
    /// So many where the event forks or steps through a handler's draw, which takes as long as twenty others.
    pub forks: usize,
    /// So many runs at each instruction where a handler's draw is abandoned, each time elsewhere.
    pub abandoned: usize,
    /// Beyond these, each instruction is interrupted by each event at least once: without forks, or with them.
    pub each_pair: EachPair,
}

/// Which pairs of an instruction and an event must come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EachPair {
    /// Those that chance takes.
    Sampled,
    /// All whose event does not fork.
    WithoutForks,
    /// All.
    Forks,
    /// All, each time that the instruction is executed.
    EachTime,
}

impl Effort {
    /// A sample: seconds.
    pub const SHORT: Self =
        Self { one_case_of: 5, instructions: 60, forks: 8, abandoned: 1, each_pair: EachPair::Sampled };
    /// Every instruction by each event, at one of the times that it is executed: a minute or two.
    pub const USUAL: Self =
        Self { one_case_of: 1, instructions: 200, forks: 80, abandoned: 1, each_pair: EachPair::Forks };
    /// Every instruction each time that it is executed: hours.
    pub const EXHAUSTIVE: Self = Self { each_pair: EachPair::EachTime, ..Self::USUAL };

    /// Whether the case is tried. `turn` is its number.
    pub(crate) fn takes(self, turn: usize, case: &Case) -> bool {
        let is_long = case.draw_len() > 1000;
        turn.is_multiple_of(if is_long { self.one_case_of * self.one_case_of } else { self.one_case_of })
    }

    /// How many runs `event` gets at one instruction.
    pub(crate) fn runs(self, event: Event) -> usize {
        if event.abandons_draw() { self.abandoned } else { 1 }
    }

    /// Whether an instruction that `event` has not interrupted yet must be.
    fn wants_new(self, event: Event) -> bool {
        match self.each_pair {
            EachPair::Sampled => false,
            EachPair::WithoutForks => !event.forks(),
            EachPair::Forks | EachPair::EachTime => true,
        }
    }
}

/// The positions in `trace` before which `event` happens, in ascending order: those of this effort, always the same for
/// one `seed`, and the first occasion for each instruction that `is_new` to the event, by its offset.
///
/// `turn` counts calls that execute about the same instructions, so that what one leaves out the next one takes.
pub fn positions(
    effort: Effort,
    event: Event,
    trace: &Trace,
    turn: usize,
    seed: u64,
    is_new: &dyn Fn(usize) -> bool,
) -> Vec<usize> {
    /// Runs without an event, of which one is as good as another.
    const NOTHING: usize = 4;
    if event == Event::Nothing {
        return if trace.offsets.is_empty() { vec![] } else { vec![0; NOTHING] };
    }
    if effort.each_pair == EachPair::EachTime {
        return (0..trace.offsets.len()).collect();
    }
    let mut occasions: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (position, offset) in trace.offsets.iter().enumerate() {
        occasions.entry(*offset).or_default().push(position);
    }
    let stride = occasions.len().div_ceil(if event.is_slow() { effort.forks } else { effort.instructions });
    let is_due = |offset: usize| (offset + turn).is_multiple_of(stride) || effort.wants_new(event) && is_new(offset);
    // A separate random choice for each instruction, independent of which others are new. In a loop the first pass
    // is as good as any other, and every other pass on the way costs two signals.
    let chance = |offset: usize, count| {
        let mut rng = fastrand::Rng::with_seed(seed ^ offset as u64);
        if rng.bool() { 0 } else { rng.usize(..count) }
    };
    let mut positions: Vec<usize> = occasions
        .into_iter()
        .filter(|(offset, _)| is_due(*offset))
        .map(|(offset, positions)| positions[chance(offset, positions.len())])
        .collect();
    positions.sort_unstable();
    positions
}
