// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What the workers tell their parent while they work and when they have ended.

use crate::Error;
use crate::case::LENS;
use crate::event::Event;
use crate::judge::Fault;
use crate::shared::{Board as SharedBoard, Shared, SharedList};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};

/// Counts of runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs in which the event came about.
    pub tried: usize,
    /// Runs that showed something.
    pub violated: usize,
    /// Forks behind the last look of the call.
    pub finished: usize,
    /// Runs in which the call took another way, so that the event did not come about.
    pub unreached: usize,
    /// Runs that count for nothing, because the generation moved by itself.
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

/// The most bytes of code that a subject has whose instructions are counted.
pub const CODE_LEN: usize = 1 << 16;

/// What all workers share.
pub struct Board {
    /// The next case that nobody has begun.
    pub next: AtomicUsize,
    /// Counts by event and length.
    pub counters: [[Counters; LENS.len()]; EVENTS],
    /// For each byte of code, the events that could come about before the instruction that begins there, as bits.
    pub possible: [AtomicU32; CODE_LEN],
    /// Those that did.
    pub happened: [AtomicU32; CODE_LEN],
}

// SAFETY: zeros are numbers, and all of them are atomic.
unsafe impl SharedBoard for Board {}

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

/// A run that showed something.
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    /// Which run.
    pub run: RunId,
    /// What it showed.
    pub fault: Fault,
}

/// Where a worker is.
#[derive(Default)]
pub struct Progress {
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
unsafe impl SharedBoard for Progress {}

/// What one worker writes, and whoever goes on with its work after a crash.
pub struct Desk {
    /// Where it is.
    pub progress: Shared<Progress>,
    /// All words that were returned.
    pub words: SharedList<u64>,
    /// For each run that returned words, how many there were when it began.
    pub runs: SharedList<(usize, RunId)>,
    /// What was found.
    pub findings: SharedList<Finding>,
}

impl Desk {
    /// Room for `words` words.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn new(words: usize) -> Result<Self, Error> {
        /// More than any subject but a hopeless one has.
        const FINDINGS: usize = 1 << 20;
        Ok(Self {
            progress: Shared::new()?,
            words: SharedList::new(words)?,
            runs: SharedList::new(words / 4)?,
            findings: SharedList::new(FINDINGS)?,
        })
    }
}
