// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Replays a counterexample on a built image: the stepper stops a call at each position where an event happens.

use crate::event::Event;
use crate::explore::Counterexample;
use crate::object::Fill;
use crate::scenario::{Scenario, Start};
use crate::steps::{Label, is_control, normal_form};
use crate::value::GROUP_CELLS;
use crate::{counterexample, event};
use std::cell::{Cell, RefCell};
use std::fmt;
use vdso_abi::state::GROUP_LEN;
use vdso_inject::Registers;
use vdso_inject::case::Entry;
use vdso_inject::duplicates::{ZeroKey, words};
use vdso_inject::harness::Harness;
use vdso_inject::labels::AccessLog;
use vdso_inject::step::{Next, Start as Begin, Stepper};

/// Bytes that stand for one cell of a batch.
const CELL: usize = 16;

/// The position of an event in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    depth: usize,
    /// Control accesses before it.
    controls: usize,
    /// The accesses since the last control access, in normal form.
    since: Vec<Label>,
    /// The access that follows.
    next: Label,
}

/// The outcome of a replay.
#[derive(Clone, Debug, Default)]
pub struct Replayed {
    /// Events of the path that did not happen, because the image took another path.
    pub missed: usize,
    /// The violations that the image showed.
    pub shown: Vec<&'static str>,
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.missed, self.shown.as_slice()) {
            (0, []) => f.write_str("every event happened: no violation"),
            (0, shown) => write!(f, "every event happened: {}", shown.join(", ")),
            (missed, []) => {
                write!(f, "{missed} events did not happen, because the image took another path: no violation")
            }
            (missed, shown) => write!(f, "{missed} events did not happen: {}", shown.join(", ")),
        }
    }
}

/// The bytes of a call.
struct Buffer {
    bytes: Vec<u8>,
    /// Whether the call returned them.
    returned: bool,
}

/// One replay in progress.
struct Player<'a> {
    harness: &'a Harness<'a>,
    entry: Entry,
    script: Vec<(Place, Event)>,
    next: Cell<usize>,
    /// The buffers of calls that returned, and those that abandoned calls left.
    buffers: RefCell<Vec<Buffer>>,
}

/// Replays a path on the image of `harness`; `None` for a path with events that no stop can make, or a state that no draws make.
pub fn replay(harness: &Harness<'_>, entry: Entry, scenario: &Scenario, path: &Counterexample) -> Option<Replayed> {
    let fill = match scenario.start {
        Start::Fresh => Fill::Fresh,
        Start::Idle(cells) => Fill::Idle(usize::from(cells) * CELL),
        Start::Stale => Fill::Stale,
        _ => return None,
    };
    let script = script(scenario, path)?;
    fill.prepare(harness, entry);
    let player = Player { harness, entry, script, next: Cell::new(0), buffers: RefCell::default() };
    let left = if let Start::Idle(cells) = scenario.start { cells } else { 0 };
    player.call(0, bytes(scenario.len, left));
    // One more draw of the main program shows whether the state was left unsafe.
    player.call(0, CELL);
    let missed = player.script.len() - player.next.get();
    Some(Replayed { missed, shown: shown(&player.buffers.into_inner()) })
}

/// The bytes of a request: whole groups, if the model makes direct groups.
fn bytes(cells: u8, left: u8) -> usize {
    let after_batch = usize::from(cells.saturating_sub(left));
    if after_batch >= GROUP_CELLS {
        usize::from(left) * CELL + GROUP_LEN + (after_batch - GROUP_CELLS) * CELL
    } else {
        usize::from(cells) * CELL
    }
}

/// The events other than steps, each with its position.
fn script(scenario: &Scenario, path: &Counterexample) -> Option<Vec<(Place, Event)>> {
    let mut script = Vec::new();
    let mut calls: Vec<(usize, Vec<Label>)> = vec![(0, Vec::new())];
    for (world, what, outcome) in counterexample::run_events(scenario, path) {
        let depth = world.depth().checked_sub(1)?;
        match what {
            Event::Step(answer) => {
                if answer != crate::call::Answer::Whole {
                    return None;
                }
                for label in outcome.step?.accesses {
                    pass(&mut calls[depth], *label);
                }
                calls.truncate(outcome.world.depth().max(1));
            }
            Event::Handler(_) | Event::Wipe | Event::Publish | Event::Abandon => {
                let following = event::apply(scenario, &world, Event::Step(crate::call::Answer::Whole)).step?;
                let (controls, since) = calls[depth].clone();
                script.push((Place { depth, controls, since, next: *following.accesses.first()? }, what));
                match what {
                    Event::Handler(_) => calls.push((0, Vec::new())),
                    Event::Abandon => calls.truncate(depth.max(1)),
                    _ => {}
                }
            }
            Event::Reseed => {}
            _ => return None,
        }
    }
    Some(script)
}

/// Counts an access of a call.
fn pass((controls, since): &mut (usize, Vec<Label>), label: Label) {
    if is_control(label.0) {
        *controls += 1;
        since.clear();
    } else {
        since.push(label);
        *since = normal_form(since);
    }
}

impl Player<'_> {
    fn call(&self, depth: usize, len: usize) {
        let mut buffer = vec![0; len];
        let start = buffer.as_mut_ptr().addr();
        let state = self.harness.state_range();
        let log = AccessLog::new(self.harness.target().code().clone(), state.start, start..start + len);
        let log = RefCell::new((log, (0, Vec::new())));
        let hook = |registers: &mut Registers<'_>| {
            let (ref mut log, ref mut passed) = *log.borrow_mut();
            log.accesses.clear();
            log.observe(registers);
            let labels: Vec<Label> = log.accesses.iter().map(|access| (access.part, access.kind)).collect();
            let mut goes_on = true;
            if let Some(first) = labels.first() {
                while goes_on && self.is_here(depth, passed, *first) {
                    goes_on = self.happen(depth);
                }
            }
            labels.into_iter().for_each(|label| pass(passed, label));
            if goes_on { Next::Step } else { Next::Leave }
        };
        let arguments = [start, len, 0, state.start, state.len()];
        // SAFETY: a buffer that is writable for the length, and a state; the harness has installed the handlers.
        let returned = unsafe {
            Stepper::new(self.harness.text(), &hook).call(
                self.harness.target().address(self.entry),
                arguments,
                Begin::Step,
            )
        };
        self.buffers.borrow_mut().push(Buffer { bytes: buffer, returned: returned.is_some() });
    }

    fn is_here(&self, depth: usize, (controls, since): &(usize, Vec<Label>), first: Label) -> bool {
        self.script.get(self.next.get()).is_some_and(|(place, _)| {
            let same_moves = is_control(first.0) || *since == place.since;
            place.depth == depth && place.controls == *controls && place.next == first && same_moves
        })
    }

    /// Makes the next event happen; returns whether the call continues.
    fn happen(&self, depth: usize) -> bool {
        let (_, event) = self.script[self.next.get()];
        self.next.set(self.next.get() + 1);
        match event {
            Event::Wipe => self.harness.wipe(),
            Event::Publish => self.harness.target().move_generation(),
            Event::Handler(cells) => self.call(depth + 1, bytes(cells, cells.min(1))),
            Event::Abandon => return false,
            _ => {}
        }
        true
    }
}

/// The violations that these buffers show. A zero in the buffer of an abandoned call is not one: no call wrote it.
fn shown(buffers: &[Buffer]) -> Vec<&'static str> {
    let zero_key = ZeroKey::default();
    let of = |buffer: &Buffer| words(&buffer.bytes).map(|(_, word)| word).collect::<Vec<u64>>();
    let all: Vec<u64> = buffers.iter().flat_map(of).collect();
    let mut written: Vec<u64> = all.iter().copied().filter(|word| *word != 0).collect();
    written.sort_unstable();
    let mut shown = Vec::new();
    if buffers.iter().filter(|buffer| buffer.returned).flat_map(of).any(|word| word == 0) {
        shown.push("zeros returned");
    }
    if written.windows(2).any(|pair| pair[0] == pair[1]) {
        shown.push("bytes returned twice");
    }
    if all.iter().any(|word| zero_key.has(*word)) {
        shown.push("bytes of the all-zero key");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Answer;
    use crate::protocol::Protocol;

    #[test]
    fn shown_finds_zeros_and_repeated_words() {
        let buffer = |bytes: &[u8], returned| Buffer { bytes: bytes.to_vec(), returned };
        assert!(shown(&[buffer(&[1; 8], true), buffer(&[2; 8], true)]).is_empty());
        assert_eq!(shown(&[buffer(&[0; 8], true)]), ["zeros returned"]);
        assert!(shown(&[buffer(&[0; 16], false)]).is_empty());
        assert_eq!(shown(&[buffer(&[1; 8], false), buffer(&[1; 8], true)]), ["bytes returned twice"]);
    }

    #[test]
    fn script_counts_control_accesses() {
        let bounds = crate::bounds::ONE_HANDLER;
        let rules = Protocol::CURRENT;
        let scenario = Scenario { rules, bounds, start: Start::Idle(2), len: 1, cipher: crate::cipher::Cipher::Sse2 };
        let step = Event::Step(Answer::Whole);
        let path = vec![step, step, step, step, step, Event::Wipe, step, Event::Handler(1), step, Event::Abandon];
        let script = script(&scenario, &path).expect("stops can make these events");
        let places: Vec<_> =
            script.iter().map(|(place, event)| (*event, place.depth, place.controls, place.since.len())).collect();
        // Positions: after generation, word, take, count and one copy; after the erasure; after the handler's first access.
        assert_eq!(places, [(Event::Wipe, 0, 4, 2), (Event::Handler(1), 0, 4, 3), (Event::Abandon, 1, 1, 0)]);
    }
}
