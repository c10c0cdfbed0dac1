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

/// After so many seconds without an end of a few hundred runs the subject has hung, and `SIGALRM` ends the worker.
const LIMIT: u32 = 60;

/// Where to go on after a crash.
#[derive(Clone, Copy, Debug)]
pub struct Resume {
    /// Index of the case.
    pub case: usize,
    /// Index of the event.
    pub event: usize,
    /// Index of the run.
    pub run: usize,
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
            self.case(&bench, &mut judge, Resume { case, event: 0, run: 0 })?;
        }
    }

    /// All events of one case.
    fn case(&self, bench: &Bench<'_>, judge: &mut Judge, from: Resume) -> Result<(), Error> {
        let (turn, case) = &self.cases[from.case];
        let progress = &self.desk.progress;
        progress.event.store(from.event, Relaxed);
        progress.run.store(from.run, Relaxed);
        progress.case.store(from.case + 1, Relaxed);
        self.subject.set_scene(case.place, case.simd)?;
        alarm(LIMIT);
        let trace = Trace::of(bench, case);
        let events = self.options.events_for(self.subject, case);
        let possible = events.iter().map(|event| 1 << event.index()).sum();
        for pc in &trace.pcs {
            mark(&self.board.possible, pc - self.subject.code().start, possible);
        }
        for (event_index, event) in events.iter().enumerate().skip(from.event) {
            progress.event.store(event_index, Relaxed);
            let mut rng = fastrand::Rng::with_seed(self.options.seed ^ (*turn as u64) << 16 ^ event.index() as u64);
            let is_new = |pc: usize| {
                let happened = self.board.happened.get(pc - self.subject.code().start);
                happened.is_some_and(|happened| happened.load(Relaxed) & 1 << event.index() == 0)
            };
            let positions = positions(self.options.effort, *event, &trace, *turn, &is_new, &mut rng);
            let skipped = if event_index == from.event { from.run } else { 0 };
            for (index, position) in positions.into_iter().enumerate().skip(skipped) {
                if index % 256 == 0 {
                    alarm(LIMIT);
                }
                let mut rng = rng.clone();
                rng.seed(rng.get_seed() ^ position as u64);
                let Some(pc) = trace.pcs.get(position) else { break };
                let offset = pc - self.subject.code().start;
                progress.run.store(index, Relaxed);
                progress.position.store(position, Relaxed);
                progress.offset.store(offset, Relaxed);
                let id =
                    RunId { case: from.case as u32, event: *event, position: position as u32, offset: offset as u32 };
                self.run(bench, judge, &trace, case, id, &mut rng);
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
