// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A process that runs cases, one after the other.

use crate::Error;
use crate::bench::Bench;
use crate::board::{Board, Desk, Finding, RunId};
use crate::campaign::Options;
use crate::case::Case;
use crate::event::Event;
use crate::judge::{Judge, Verdict};
use crate::plan::positions;
use crate::run::run;
use crate::subject::Subject;
use crate::trace::Trace;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A run takes less than a millisecond: after so many seconds the subject has hung, and `SIGALRM` ends the worker.
const LIMIT: u32 = 20;

/// Where to go on after a crash.
#[derive(Clone, Copy, Debug)]
pub struct Resume {
    /// Index of the case.
    pub case: usize,
    /// Index of the event.
    pub event: usize,
    /// Behind this instruction of it, plus 1.
    pub position: usize,
}

/// One worker, with what it shares.
pub struct Worker<'a> {
    /// What is tested.
    pub subject: &'a Subject,
    /// What is tried.
    pub options: &'a Options,
    /// All cases, in the order in which they are begun.
    pub cases: &'a [(usize, Case)],
    /// What all share.
    pub board: &'a Board,
    /// What is its own.
    pub desk: &'a Desk,
}

impl Worker<'_> {
    /// Works until there is nothing left to do.
    ///
    /// # Errors
    /// The process could not be set up.
    pub fn work(&self, resume: Option<Resume>) -> Result<(), Error> {
        let bench = Bench::new(self.subject)?;
        let mut judge = Judge::default();
        if let Some(resume) = resume {
            self.case(&bench, &mut judge, resume)?;
        }
        loop {
            let case = self.board.next.fetch_add(1, Relaxed);
            if case >= self.cases.len() {
                return Ok(());
            }
            self.case(&bench, &mut judge, Resume { case, event: 0, position: 0 })?;
        }
    }

    /// All events of one case.
    fn case(&self, bench: &Bench<'_>, judge: &mut Judge, from: Resume) -> Result<(), Error> {
        let (turn, case) = &self.cases[from.case];
        let progress = &self.desk.progress;
        progress.event.store(from.event, Relaxed);
        progress.position.store(0, Relaxed);
        progress.case.store(from.case + 1, Relaxed);
        self.subject.set_scene(case.place, case.simd)?;
        alarm(LIMIT);
        let trace = Trace::of(bench, case);
        let events = self.options.events_for(self.subject, case);
        let possible = events.iter().map(|event| 1 << event.index()).sum();
        for offset in &trace.offsets {
            mark(&self.board.possible, *offset, possible);
        }
        for (event_index, event) in events.iter().enumerate().skip(from.event) {
            progress.event.store(event_index, Relaxed);
            let seed = self.options.seed ^ (*turn as u64) << 32 ^ (event.index() as u64) << 24;
            let is_new = |offset: usize| {
                let happened = self.board.happened.get(offset);
                happened.is_some_and(|happened| happened.load(Relaxed) & 1 << event.index() == 0)
            };
            let positions = positions(self.options.effort, *event, &trace, *turn, seed, &is_new);
            let begin = if event_index == from.event { from.position } else { 0 };
            for position in positions.into_iter().filter(|position| *position >= begin) {
                alarm(LIMIT);
                let offset = trace.offsets[position];
                progress.position.store(position + 1, Relaxed);
                progress.offset.store(offset, Relaxed);
                let id =
                    RunId { case: from.case as u32, event: *event, position: position as u32, offset: offset as u32 };
                for again in 0..self.options.effort.runs(*event) as u64 {
                    let mut rng = fastrand::Rng::with_seed(seed ^ position as u64 ^ again << 56);
                    self.run(bench, judge, &trace, case, id, &mut rng);
                }
            }
        }
        alarm(0);
        Ok(())
    }

    fn run(
        &self,
        bench: &Bench<'_>,
        judge: &mut Judge,
        trace: &Trace,
        case: &Case,
        id: RunId,
        rng: &mut fastrand::Rng,
    ) {
        let position = id.position as usize;
        let outcome = run(bench, case, trace, id.event, position, rng);
        let begin = self.desk.words.items().len();
        let mut kept = 0;
        let verdict = judge.judge((case, trace, id.event, position), &outcome, &mut |word| {
            if self.options.keeps(word) && !id.event.is_residual() && self.desk.words.push(word) {
                kept += 1;
            }
        });
        if kept > 0 {
            self.desk.runs.push((begin, id));
        }
        let counters = &self.board.counters[id.event.index()][case.len_index];
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
                self.desk.findings.push(Finding { run: id, fault });
                &counters.tried
            }
        };
        column.fetch_add(1, Relaxed);
        if !matches!(verdict, Verdict::Unreached | Verdict::Disturbed) {
            mark(&self.board.happened, id.offset as usize, 1 << id.event.index());
        }
    }
}

/// Adds events to an instruction; behind the end of what is counted it is left out.
fn mark(events: &[AtomicU32], offset: usize, bits: u32) {
    if let Some(events) = events.get(offset) {
        events.fetch_or(bits, Relaxed);
    }
}

/// The events that a subject can be put through in a case.
pub(crate) fn possible(subject: &Subject, case: &Case, event: Event) -> bool {
    // A generation that moves away from 0 would be another case.
    !event.moves_generation() || subject.moves_generation() && case.place != crate::case::Place::NoGeneration
}

fn alarm(seconds: u32) {
    // SAFETY: no pointer is involved.
    unsafe { libc::alarm(seconds) };
}
