// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Shared memory in which workers report to their parent: counts, positions, results.

use crate::Error;
use crate::case::LENS;
use crate::event::Event;
use crate::judge::Fault;
use crate::shared::{Shared, SharedList, SharedValue};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Counts of runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs in which the event came about.
    pub tried: usize,
    /// Runs with a violation.
    pub violated: usize,
    /// Forks after the last check of the call.
    pub finished: usize,
    /// Runs without the event, because the call took another path.
    pub unreached: usize,
    /// Runs that do not count, because the kernel moved the generation.
    pub disturbed: usize,
}

/// The counts of one event at one length, as all workers add to them.
#[derive(Default)]
pub struct Counters {
    /// See [`Tally`].
    pub tried: AtomicUsize,
    /// See [`Tally`].
    pub violated: AtomicUsize,
    /// See [`Tally`].
    pub finished: AtomicUsize,
    /// See [`Tally`].
    pub unreached: AtomicUsize,
    /// See [`Tally`].
    pub disturbed: AtomicUsize,
}

impl Counters {
    /// Counts a run that ended its process.
    pub fn count_crash(&self) {
        self.tried.fetch_add(1, Relaxed);
        self.violated.fetch_add(1, Relaxed);
    }

    /// The counts now.
    pub fn tally(&self) -> Tally {
        Tally {
            tried: self.tried.load(Relaxed),
            violated: self.violated.load(Relaxed),
            finished: self.finished.load(Relaxed),
            unreached: self.unreached.load(Relaxed),
            disturbed: self.disturbed.load(Relaxed),
        }
    }
}

/// How many events there are.
const EVENTS: usize = Event::ALL.len();

/// The most bytes of code that a target has whose instructions are counted.
pub const CODE_LEN: usize = 1 << 16;

/// The progress of all workers.
pub struct Progress {
    /// The next case that no worker has begun.
    pub next: AtomicUsize,
    /// Counts by event and length.
    pub counters: [[Counters; LENS.len()]; EVENTS],
    /// For each byte of code, the events that could come about before the instruction that begins there, as bits.
    pub possible: [AtomicU32; CODE_LEN],
    /// Those that did.
    pub happened: [AtomicU32; CODE_LEN],
}

// SAFETY: zeros are numbers, and all of them are atomic.
unsafe impl SharedValue for Progress {}

/// One run, by the numbers of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunId {
    /// Index of the case.
    pub case: u32,
    /// The event.
    pub event: Event,
    /// The instruction before which it happened: its number in the call.
    pub position: u32,
    /// The same, as an offset in the code, in bytes.
    pub offset: u32,
}

/// A run with a violation.
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    /// Which run.
    pub run: RunId,
    /// The violation.
    pub fault: Fault,
}

/// The run that a worker makes.
#[derive(Default)]
pub struct WorkerPosition {
    /// Index of the case, plus 1; 0 before the first.
    pub case: AtomicUsize,
    /// Index of the event in the list of those of the case.
    pub event: AtomicUsize,
    /// The instruction before which it happens, plus 1; 0 before the first run of the case.
    pub position: AtomicUsize,
    /// Its offset in the code.
    pub offset: AtomicUsize,
}

// SAFETY: zeros are numbers, and all of them are atomic.
unsafe impl SharedValue for WorkerPosition {}

/// The results of one worker. After a crash, the next process continues the same log.
pub struct WorkerLog {
    /// Its present run.
    pub position: Shared<WorkerPosition>,
    /// All words that were returned.
    pub words: SharedList<u64>,
    /// For each run that returned words, how many there were when it began.
    pub runs: SharedList<(usize, RunId)>,
    /// Violations.
    pub findings: SharedList<Finding>,
}

impl WorkerLog {
    /// Room for `words` words.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn new(words: usize) -> Result<Self, Error> {
        /// More than any target has, unless each run is a violation.
        const FINDINGS: usize = 1 << 20;
        Ok(Self {
            position: Shared::new()?,
            words: SharedList::new(words)?,
            runs: SharedList::new(words / 4)?,
            findings: SharedList::new(FINDINGS)?,
        })
    }
}
