// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A worker process, which runs cases one after the other.

use crate::Error;
use crate::campaign::Options;
use crate::case::Case;
use crate::event::Event;
use crate::harness::Harness;
use crate::judge::{Judge, Verdict};
use crate::plan::positions;
use crate::progress::{Finding, Progress, RunId, WorkerLog};
use crate::run::run;
use crate::target::Target;
use crate::trace::Trace;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Seconds after which `SIGALRM` ends a worker that hangs. A run takes less than a millisecond.
const LIMIT: u32 = 20;

/// Where to continue after a crash.
#[derive(Clone, Copy, Debug)]
pub struct Resume {
    /// Index of the case.
    pub case: usize,
    /// Index of the event.
    pub event: usize,
    /// After this instruction of it, plus 1.
    pub position: usize,
}

/// One worker and the memory that it shares.
pub struct Worker<'a> {
    /// The tested implementation.
    pub target: &'a Target,
    /// The runs to make.
    pub options: &'a Options,
    /// All cases, in the order in which they are begun.
    pub cases: &'a [(usize, Case)],
    /// The progress of all workers.
    pub progress: &'a Progress,
    /// The results of this worker.
    pub log: &'a WorkerLog,
}

impl Worker<'_> {
    /// Runs cases until none is left.
    ///
    /// # Errors
    /// The process could not be set up.
    pub fn work(&self, resume: Option<Resume>) -> Result<(), Error> {
        let harness = Harness::new(self.target)?;
        let mut judge = Judge::default();
        if let Some(resume) = resume {
            self.case(&harness, &mut judge, resume)?;
        }
        loop {
            let case = self.progress.next.fetch_add(1, Relaxed);
            if case >= self.cases.len() {
                return Ok(());
            }
            self.case(&harness, &mut judge, Resume { case, event: 0, position: 0 })?;
        }
    }

    /// All events of one case.
    fn case(&self, harness: &Harness<'_>, judge: &mut Judge, from: Resume) -> Result<(), Error> {
        let (turn, case) = &self.cases[from.case];
        let at = &self.log.position;
        at.event.store(from.event, Relaxed);
        at.position.store(0, Relaxed);
        at.case.store(from.case + 1, Relaxed);
        self.target.set_data_page(case.data_page, case.simd)?;
        alarm(LIMIT);
        let trace = Trace::of(harness, case);
        let events = self.options.events_for(self.target, case);
        let possible = events.iter().map(|event| 1 << event.index()).sum();
        for offset in &trace.offsets {
            mark(&self.progress.possible, *offset, possible);
        }
        for (event_index, event) in events.iter().enumerate().skip(from.event) {
            at.event.store(event_index, Relaxed);
            let seed = self.options.seed ^ (*turn as u64) << 32 ^ (event.index() as u64) << 24;
            let is_new = |offset: usize| {
                let happened = self.progress.happened.get(offset);
                happened.is_some_and(|happened| happened.load(Relaxed) & 1 << event.index() == 0)
            };
            let positions = positions(self.options.effort, *event, &trace, *turn, seed, &is_new);
            let begin = if event_index == from.event { from.position } else { 0 };
            for position in positions.into_iter().filter(|position| *position >= begin) {
                alarm(LIMIT);
                let offset = trace.offsets[position];
                at.position.store(position + 1, Relaxed);
                at.offset.store(offset, Relaxed);
                let id =
                    RunId { case: from.case as u32, event: *event, position: position as u32, offset: offset as u32 };
                for again in 0..self.options.effort.runs(*event) as u64 {
                    let mut rng = fastrand::Rng::with_seed(seed ^ position as u64 ^ again << 56);
                    self.run(harness, judge, &trace, case, id, &mut rng);
                }
            }
        }
        alarm(0);
        Ok(())
    }

    fn run(
        &self,
        harness: &Harness<'_>,
        judge: &mut Judge,
        trace: &Trace,
        case: &Case,
        id: RunId,
        rng: &mut fastrand::Rng,
    ) {
        let position = id.position as usize;
        let outcome = run(harness, case, trace, id.event, position, rng);
        let begin = self.log.words.items().len();
        let mut kept = 0;
        let verdict = judge.judge((case, trace, id.event, position), &outcome, &mut |word| {
            if self.options.keeps(word) && !id.event.is_residual() && self.log.words.push(word) {
                kept += 1;
            }
        });
        if kept > 0 {
            self.log.runs.push((begin, id));
        }
        let counters = &self.progress.counters[id.event.index()][case.len_index];
        let column = match verdict {
            Verdict::Unreached => &counters.unreached,
            Verdict::Disturbed => &counters.disturbed,
            Verdict::Kept => &counters.tried,
            Verdict::Finished => {
                counters.finished.fetch_add(1, Relaxed);
                &counters.tried
            }
            Verdict::Violated(fault) => {
                counters.violated.fetch_add(1, Relaxed);
                self.log.findings.push(Finding { run: id, fault });
                &counters.tried
            }
        };
        column.fetch_add(1, Relaxed);
        if !matches!(verdict, Verdict::Unreached | Verdict::Disturbed) {
            mark(&self.progress.happened, id.offset as usize, 1 << id.event.index());
        }
    }
}

/// Adds events to an instruction; instructions past the counted range are left out.
fn mark(events: &[AtomicU32], offset: usize, bits: u32) {
    if let Some(events) = events.get(offset) {
        events.fetch_or(bits, Relaxed);
    }
}

/// The events that a target can be put through in a case.
pub(crate) fn possible(target: &Target, case: &Case, event: Event) -> bool {
    // A generation that moves away from 0 would be another case.
    !event.moves_generation() || target.moves_generation() && case.data_page != crate::case::DataPage::NoGeneration
}

fn alarm(seconds: u32) {
    // SAFETY: no pointer is involved.
    unsafe { libc::alarm(seconds) };
}
