// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! All runs of one invocation: workers in processes of their own, and the comparison of everything that they returned.

use crate::Error;
use crate::board::{Board, Desk, Finding, RunId, Tally};
use crate::case::{Case, Entry, LENS};
use crate::event::Event;
use crate::judge::Fault;
use crate::plan::{EachPair, Effort};
use crate::report::{Coverage, Report};
use crate::shared::Shared;
use crate::subject::Subject;
use crate::words::repeated;
use crate::worker::{Resume, Worker, possible};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// What is tried.
#[derive(Clone, Debug)]
pub struct Options {
    /// The events; all but the residual one if there are none.
    pub events: Vec<Event>,
    /// The lengths in bytes, of [`LENS`]; all if there are none.
    pub lens: Vec<usize>,
    /// The entry points; all if there are none.
    pub entries: Vec<Entry>,
    /// The values of the `simd` byte; all if there are none.
    pub levels: Vec<u8>,
    /// How much of it.
    pub effort: Effort,
    /// What chance depends on. The keys are the kernel's, and differ each time.
    pub seed: u64,
    /// How many processes work at a time.
    pub workers: usize,
}

impl Options {
    /// The usual effort on all processors.
    pub fn new(effort: Effort, seed: u64) -> Self {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        Self { events: vec![], lens: vec![], entries: vec![], levels: vec![], effort, seed, workers }
    }

    /// The events of a case.
    pub(crate) fn events_for(&self, subject: &Subject, case: &Case) -> Vec<Event> {
        let wanted = |event: &Event| match self.events.as_slice() {
            [] => !event.is_residual(),
            events => events.contains(event),
        };
        Event::ALL.iter().copied().filter(wanted).filter(|event| possible(subject, case, *event)).collect()
    }

    fn wants(&self, case: &Case) -> bool {
        (self.lens.is_empty() || self.lens.contains(&case.draw_len()))
            && (self.entries.is_empty() || self.entries.contains(&case.entry))
            && (self.levels.is_empty() || self.levels.contains(&case.simd))
    }

    /// Whether a word is compared with those of other runs. Where there would be too many, it depends on the word, so
    /// that what comes twice is kept twice.
    pub(crate) fn keeps(&self, word: u64) -> bool {
        word.is_multiple_of(self.one_word_of())
    }

    fn one_word_of(&self) -> u64 {
        if self.effort.each_pair == EachPair::EachTime { 16 } else { 1 }
    }
}

/// Room for the words of one worker. What is not used takes no memory.
const WORDS: usize = 1 << 29;

/// A process that ended before its time is replaced so often.
const CRASHES: usize = 100;

/// How often the workers are looked at.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs everything. `progress` is told how many cases of how many were begun.
///
/// # Errors
/// The subject cannot be put to the test.
pub fn inject(subject: &Subject, options: &Options, progress: &mut dyn FnMut(usize, usize)) -> Result<Report, Error> {
    let cases = cases(subject, options)?;
    let board: Shared<Board> = Shared::new()?;
    // A generation that everybody sees can be moved by one at a time.
    let workers = if subject.is_shared() { 1 } else { options.workers.max(1) };
    let desks = (0..workers).map(|_| Desk::new(WORDS)).collect::<Result<Vec<_>, _>>()?;
    let start = |desk: &Desk, resume| {
        fork(|| Worker { subject: &subject.again()?, options, cases: &cases, board: &board, desk }.work(resume))
    };
    let mut running: Vec<Option<i32>> = Vec::new();
    for desk in &desks {
        running.push(Some(start(desk, None)?));
    }
    let mut crashes = Vec::new();
    while running.iter().any(Option::is_some) {
        std::thread::sleep(PAUSE);
        progress(board.next.load(Relaxed).min(cases.len()), cases.len());
        for (desk, worker) in desks.iter().zip(&mut running) {
            let Some(status) = worker.and_then(ended) else { continue };
            *worker = match end_of(status)? {
                End::Done => None,
                End::Killed(signal) => {
                    let (finding, resume) = crash(desk, subject, options, &cases, signal)?;
                    board.counters[finding.run.event.index()][cases[finding.run.case as usize].1.len_index]
                        .count_crash();
                    crashes.push(finding);
                    // Too many: what was found so far is enough.
                    if crashes.len() > CRASHES { None } else { Some(start(desk, resume)?) }
                }
            };
        }
    }
    Ok(report(subject, options, &cases, &board, &desks, crashes))
}

fn cases(subject: &Subject, options: &Options) -> Result<Vec<(usize, Case)>, Error> {
    let mut cases: Vec<(usize, Case)> = Case::all(subject)
        .into_iter()
        .enumerate()
        .filter(|(_, case)| options.wants(case))
        .filter(|(turn, case)| options.effort.takes(*turn, case))
        .filter(|(_, case)| !options.events_for(subject, case).is_empty())
        .collect();
    if cases.is_empty() {
        return Err(Error::NothingToTry(format!(
            "{}: no case for these events and lengths; lengths are {LENS:?}",
            subject.name()
        )));
    }
    // Long and short ones mixed, so that all workers end at the same time and the progress is even.
    fastrand::Rng::with_seed(options.seed).shuffle(&mut cases);
    Ok(cases)
}

enum End {
    Done,
    Killed(i32),
}

/// Exit code of a worker that could not do its work.
const NOT_DONE: i32 = 3;

fn end_of(status: i32) -> Result<End, Error> {
    if libc::WIFSIGNALED(status) {
        return Ok(End::Killed(libc::WTERMSIG(status)));
    }
    match libc::WEXITSTATUS(status) {
        0 => Ok(End::Done),
        code => Err(Error::Subject(format!("a worker ended with exit code {code}; its reason stands above"))),
    }
}

/// Forks a process that works and ends.
pub(crate) fn fork(work: impl FnOnce() -> Result<(), Error>) -> Result<i32, Error> {
    // SAFETY: the child goes on with this thread alone. It allocates, which the C library allows after a fork, and takes no
    // lock that another thread of the parent could have held.
    match unsafe { libc::fork() } {
        -1 => Err(Error::last("a worker")),
        0 => {
            // SAFETY: no pointer is involved.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            // A panic must not be caught by whoever forked: this process would go on as a second one of it.
            let code = match catch_unwind(AssertUnwindSafe(work)) {
                Ok(Ok(())) => 0,
                Ok(Err(error)) => {
                    eprintln!("error: {error}");
                    NOT_DONE
                }
                Err(_) => NOT_DONE,
            };
            // SAFETY: ends the process without the parent's exit handlers.
            unsafe { libc::_exit(code) }
        }
        pid => Ok(pid),
    }
}

/// Whether a process has come to its good end.
///
/// # Errors
/// It has come to another one.
pub(crate) fn ended_well(pid: i32) -> Result<bool, Error> {
    match ended(pid).map(end_of).transpose()? {
        None => Ok(false),
        Some(End::Done) => Ok(true),
        Some(End::Killed(signal)) => Err(Error::Subject(format!("a process was killed by signal {signal}"))),
    }
}

/// The status of a worker, if it has ended.
fn ended(pid: i32) -> Option<i32> {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    (unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG) } == pid).then_some(status)
}

/// What a worker that crashed was doing, and where its successor goes on: behind it, or where not even the call without an
/// event came to its end, with another case.
fn crash(
    desk: &Desk,
    subject: &Subject,
    options: &Options,
    cases: &[(usize, Case)],
    signal: i32,
) -> Result<(Finding, Option<Resume>), Error> {
    let at = &desk.progress;
    let Some(case) = at.case.load(Relaxed).checked_sub(1) else {
        return Err(Error::Subject(format!("{}: its first call was killed by signal {signal}", subject.name())));
    };
    let (event, position) = (at.event.load(Relaxed), at.position.load(Relaxed));
    let run = RunId {
        case: case as u32,
        event: options.events_for(subject, &cases[case].1)[event],
        position: position.saturating_sub(1) as u32,
        offset: at.offset.load(Relaxed) as u32,
    };
    let resume = (position > 0).then_some(Resume { case, event, position });
    Ok((Finding { run, fault: Fault::Killed(signal) }, resume))
}

fn report(
    subject: &Subject,
    options: &Options,
    cases: &[(usize, Case)],
    board: &Board,
    desks: &[Desk],
    crashes: Vec<Finding>,
) -> Report {
    let mut findings = crashes;
    for desk in desks {
        findings.extend(desk.findings.items());
    }
    let lists: Vec<&[u64]> = desks.iter().map(|desk| desk.words.items()).collect();
    for word in repeated(&lists) {
        findings.extend(across_runs(word, desks).map(|run| Finding { run, fault: Fault::RepeatedAcrossRuns(word) }));
    }
    let tallies = board.counters.each_ref().map(|lens| lens.each_ref().map(super::board::Counters::tally));
    Report {
        subject: subject.name().into(),
        seed: options.seed,
        events: Event::ALL
            .iter()
            .copied()
            .filter(|event| tallies[event.index()] != [Tally::default(); LENS.len()])
            .collect(),
        cases: cases.iter().map(|(_, case)| *case).collect(),
        tallies: tallies.to_vec(),
        findings,
        words: lists.iter().map(|list| list.len()).sum(),
        share: options.one_word_of(),
        coverage: Coverage::of(board),
    }
}

/// The runs that returned a word.
fn across_runs(word: u64, desks: &[Desk]) -> impl Iterator<Item = RunId> {
    desks.iter().flat_map(move |desk| {
        let places = desk.words.items().iter().enumerate().filter(move |(_, other)| **other == word);
        places.filter_map(|(place, _)| {
            let runs = desk.runs.items();
            let run = runs.partition_point(|(begin, _)| *begin <= place).checked_sub(1)?;
            Some(runs[run].1)
        })
    })
}
