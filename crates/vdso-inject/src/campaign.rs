// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! All runs of one invocation: worker processes, and the comparison of all bytes that their runs returned.

use crate::Error;
use crate::case::{Case, Entry, LENS};
use crate::duplicates::repeated;
use crate::event::Event;
use crate::judge::Fault;
use crate::plan::{EachPair, Effort};
use crate::progress::{Finding, Progress, RunId, Tally, WorkerLog};
use crate::report::{Coverage, Report};
use crate::shared::Shared;
use crate::target::Target;
use crate::worker::{Resume, Worker, possible};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// The runs to make.
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
    /// How many runs.
    pub effort: Effort,
    /// Random seed. The keys are the kernel's, and differ each time.
    pub seed: u64,
    /// Number of worker processes.
    pub workers: usize,
}

impl Options {
    /// The usual effort on all processors.
    pub fn new(effort: Effort, seed: u64) -> Self {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        Self { events: vec![], lens: vec![], entries: vec![], levels: vec![], effort, seed, workers }
    }

    /// The events of a case.
    pub(crate) fn events_for(&self, target: &Target, case: &Case) -> Vec<Event> {
        let wanted = |event: &Event| match self.events.as_slice() {
            [] => !event.is_residual(),
            events => events.contains(event),
        };
        Event::ALL.iter().copied().filter(wanted).filter(|event| possible(target, case, *event)).collect()
    }

    fn wants(&self, case: &Case) -> bool {
        (self.lens.is_empty() || self.lens.contains(&case.draw_len()))
            && (self.entries.is_empty() || self.entries.contains(&case.entry))
            && (self.levels.is_empty() || self.levels.contains(&case.simd))
    }

    /// Whether a word is compared with those of other runs. A sample is chosen by the value of the word, so that both copies
    /// of a duplicate are kept.
    pub(crate) fn keeps(&self, word: u64) -> bool {
        word.is_multiple_of(self.one_word_of())
    }

    fn one_word_of(&self) -> u64 {
        if self.effort.each_pair == EachPair::EachTime { 16 } else { 1 }
    }
}

/// Room for the words of one worker. Unused room takes no memory.
const WORDS: usize = 1 << 29;

/// Maximum number of crashed workers that are replaced.
const CRASHES: usize = 100;

/// Time between two checks of the workers.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs everything. `progress` is told how many cases of how many were begun.
///
/// # Errors
/// The target cannot be called.
pub fn inject(target: &Target, options: &Options, progress: &mut dyn FnMut(usize, usize)) -> Result<Report, Error> {
    let cases = cases(target, options)?;
    let shared: Shared<Progress> = Shared::new()?;
    // All processes see the running kernel's generation, so only one worker may move it.
    let workers = if target.is_shared() { 1 } else { options.workers.max(1) };
    let logs = (0..workers).map(|_| WorkerLog::new(WORDS)).collect::<Result<Vec<_>, _>>()?;
    let start = |log: &WorkerLog, resume| {
        fork(|| Worker { target: &target.again()?, options, cases: &cases, progress: &shared, log }.work(resume))
    };
    let mut running: Vec<Option<i32>> = Vec::new();
    for log in &logs {
        running.push(Some(start(log, None)?));
    }
    let mut crashes = Vec::new();
    while running.iter().any(Option::is_some) {
        std::thread::sleep(PAUSE);
        progress(shared.next.load(Relaxed).min(cases.len()), cases.len());
        for (log, worker) in logs.iter().zip(&mut running) {
            let Some(status) = worker.and_then(ended) else { continue };
            *worker = match end_of(status)? {
                End::Done => None,
                End::Killed(signal) => {
                    let (finding, resume) = crash(log, target, options, &cases, signal)?;
                    shared.counters[finding.run.event.index()][cases[finding.run.case as usize].1.len_index]
                        .count_crash();
                    crashes.push(finding);
                    // So many crashes are enough for a report.
                    if crashes.len() > CRASHES { None } else { Some(start(log, resume)?) }
                }
            };
        }
    }
    Ok(report(target, options, &cases, &shared, &logs, crashes))
}

fn cases(target: &Target, options: &Options) -> Result<Vec<(usize, Case)>, Error> {
    let mut cases: Vec<(usize, Case)> = Case::all(target)
        .into_iter()
        .enumerate()
        .filter(|(_, case)| options.wants(case))
        .filter(|(turn, case)| options.effort.takes(*turn, case))
        .filter(|(_, case)| !options.events_for(target, case).is_empty())
        .collect();
    if cases.is_empty() {
        return Err(Error::NothingToTry(format!(
            "{}: no case for these events and lengths; lengths are {LENS:?}",
            target.name()
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

/// Exit code of a worker that failed.
const NOT_DONE: i32 = 3;

fn end_of(status: i32) -> Result<End, Error> {
    if libc::WIFSIGNALED(status) {
        return Ok(End::Killed(libc::WTERMSIG(status)));
    }
    match libc::WEXITSTATUS(status) {
        0 => Ok(End::Done),
        code => Err(Error::Target(format!("a worker ended with exit code {code}; see its error above"))),
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
            // A panic must not reach the code that forked, which would then run in two processes.
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

/// Whether a process has ended with success.
///
/// # Errors
/// It has failed.
pub(crate) fn ended_well(pid: i32) -> Result<bool, Error> {
    match ended(pid).map(end_of).transpose()? {
        None => Ok(false),
        Some(End::Done) => Ok(true),
        Some(End::Killed(signal)) => Err(Error::Target(format!("a process was killed by signal {signal}"))),
    }
}

/// The status of a worker, if it has ended.
fn ended(pid: i32) -> Option<i32> {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    (unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG) } == pid).then_some(status)
}

/// The run at which a worker crashed, and where the next process continues: after that run, or with another case if the call
/// crashed without an event.
fn crash(
    log: &WorkerLog,
    target: &Target,
    options: &Options,
    cases: &[(usize, Case)],
    signal: i32,
) -> Result<(Finding, Option<Resume>), Error> {
    let at = &log.position;
    let Some(case) = at.case.load(Relaxed).checked_sub(1) else {
        return Err(Error::Target(format!("{}: its first call was killed by signal {signal}", target.name())));
    };
    let (event, position) = (at.event.load(Relaxed), at.position.load(Relaxed));
    let run = RunId {
        case: case as u32,
        event: options.events_for(target, &cases[case].1)[event],
        position: position.saturating_sub(1) as u32,
        offset: at.offset.load(Relaxed) as u32,
    };
    let resume = (position > 0).then_some(Resume { case, event, position });
    Ok((Finding { run, fault: Fault::Killed(signal) }, resume))
}

fn report(
    target: &Target,
    options: &Options,
    cases: &[(usize, Case)],
    progress: &Progress,
    logs: &[WorkerLog],
    crashes: Vec<Finding>,
) -> Report {
    let mut findings = crashes;
    for log in logs {
        findings.extend(log.findings.items());
    }
    let lists: Vec<&[u64]> = logs.iter().map(|log| log.words.items()).collect();
    for word in repeated(&lists) {
        findings.extend(across_runs(word, logs).map(|run| Finding { run, fault: Fault::RepeatedAcrossRuns(word) }));
    }
    let tallies = progress.counters.each_ref().map(|lens| lens.each_ref().map(super::progress::Counters::tally));
    Report {
        target: target.name().into(),
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
        coverage: Coverage::of(progress),
    }
}

/// The runs that returned a word.
fn across_runs(word: u64, logs: &[WorkerLog]) -> impl Iterator<Item = RunId> {
    logs.iter().flat_map(move |log| {
        let places = log.words.items().iter().enumerate().filter(move |(_, other)| **other == word);
        places.filter_map(|(place, _)| {
            let runs = log.runs.items();
            let run = runs.partition_point(|(begin, _)| *begin <= place).checked_sub(1)?;
            Some(runs[run].1)
        })
    })
}
