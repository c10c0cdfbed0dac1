// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Two threads against one: nothing is shared but pages that nobody writes.

use super::Subject;
use crate::buffer::Buffer;
use crate::goals::Goal;
use crate::peers::{Generator, Name, Peer};
use crate::pinned::{Pinned, allowed};
use crate::table;
use anyhow::{Context, Result};
use serde::Serialize;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Bytes drawn by each call.
const LEN: usize = 32;
/// Calls between two looks at the clock's flag.
const CALLS: usize = 256;

/// Calls a microsecond, the best of all rounds.
#[derive(Debug, Serialize)]
pub struct Scaling {
    /// `None` for the control.
    peer: Option<Name>,
    one_thread: f64,
    two_threads: f64,
}

impl Scaling {
    fn ratio(&self) -> f64 {
        self.two_threads / self.one_thread
    }
}

/// Arithmetic that needs nothing but a core.
struct Arithmetic(u64);

impl Generator for Arithmetic {
    fn fill(&mut self, _bytes: &mut [u8]) -> bool {
        for _ in 0..16 {
            self.0 = std::hint::black_box(self.0.rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        true
    }
}

/// Measures one thread and two in turns; nothing where only one processor is ours.
///
/// # Errors
/// The kernel refuses threads, memory or the processor.
pub fn measure(subjects: &[Subject], quick: bool) -> Result<Vec<Scaling>> {
    let allowed = allowed()?;
    let [first, second, ..] = allowed[..] else { return Ok(Vec::new()) };
    let (rounds, time) = if quick { (7, 4) } else { (31, 10) };
    let time = Duration::from_millis(time);
    let mut all: Vec<Scaling> = std::iter::once(None).chain(subjects.iter().map(Some)).map(nothing_yet).collect();
    for round in 0..rounds {
        for at in crate::rounds::order(round, all.len()) {
            let subject = at.checked_sub(1).map(|at| &subjects[at]);
            // Either processor may be the slower one.
            let alone = if round % 2 == 0 { first } else { second };
            let (one, two) = (rate(subject, &[alone], time)?, rate(subject, &[first, second], time)?);
            all[at].one_thread = all[at].one_thread.max(one);
            all[at].two_threads = all[at].two_threads.max(two);
        }
    }
    Ok(all)
}

fn nothing_yet(subject: Option<&Subject>) -> Scaling {
    Scaling { peer: subject.map(|subject| subject.name), one_thread: 0.0, two_threads: 0.0 }
}

/// Calls a microsecond of threads on these processors together; without a subject, of the control.
fn rate(subject: Option<&Subject>, processors: &[usize], time: Duration) -> Result<f64> {
    let (start, over) = (Barrier::new(processors.len() + 1), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            processors.iter().map(|processor| scope.spawn(|| one_rate(subject, *processor, &start, &over))).collect();
        start.wait();
        std::thread::sleep(time);
        over.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().ok().context("a thread panicked")?).sum()
    })
}

fn one_rate(subject: Option<&Subject>, processor: usize, start: &Barrier, over: &AtomicBool) -> Result<f64> {
    // Everybody arrives, also who could not get ready: the others would wait for ever.
    let ready = Pinned::to(processor).and_then(|pinned| {
        let peer = subject.map_or_else(|| Ok(Peer::of(Name::EmptyCall, Arithmetic(1))), Subject::peer)?;
        Ok((pinned, peer))
    });
    start.wait();
    let (_pinned, peer) = ready?;
    let mut buffer = Buffer::new(LEN);
    let buffer = buffer.start();
    let (start, mut calls) = (Instant::now(), 0_usize);
    while !over.load(Ordering::Relaxed) {
        for _ in 0..CALLS {
            // SAFETY: the buffer has that length.
            unsafe { peer.call(buffer, LEN) };
        }
        calls += CALLS;
    }
    Ok(calls as f64 / start.elapsed().as_secs_f64() * 1e-6)
}

/// Prints the rates.
pub fn print(scaling: &[Scaling]) {
    let rows: Vec<Vec<String>> = scaling
        .iter()
        .map(|each| {
            let [one, two] = [each.one_thread, each.two_threads].map(|rate| format!("{rate:.1}"));
            let what = each.peer.map_or_else(|| "control: arithmetic".into(), |name| name.to_string());
            vec![what, one, two, table::ratio(each.ratio())]
        })
        .collect();
    let title = format!("calls a microsecond for {LEN} bytes, best rounds");
    table::print(&title, &["", "one thread", "two threads", "ratio"], &rows);
}

/// Two threads are worth 1.9 of one, where the control finds two whole cores: 0.95 of what the control shows.
pub fn goals(scaling: &[Scaling]) -> Vec<Goal> {
    let control = scaling.iter().find(|each| each.peer.is_none()).map(Scaling::ratio);
    let ours = scaling.iter().filter_map(|each| match each.peer {
        Some(name @ Name::Ours(_)) => Some((name, each.ratio())),
        _ => None,
    });
    ours.map(|(name, ratio)| Goal {
        what: format!("two threads of {name} against one, in parts of the control's"),
        at: format!("{LEN} B"),
        wanted: 0.95,
        at_least: true,
        seen: control.map(|control| ratio / control),
        seen_in_best_rounds: None,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Level;

    #[test]
    fn scaling_is_held_against_what_the_machine_gives() {
        let scaling = |peer, two_threads| Scaling { peer, one_thread: 10.0, two_threads };
        let met = |control, ours| {
            let all =
                [scaling(None, control), scaling(Some(Name::Ours(Level::Sse2)), ours), scaling(Some(Name::CVdso), 1.0)];
            goals(&all).iter().map(Goal::is_met).collect::<Vec<_>>()
        };
        assert_eq!(met(20.0, 19.1), [Some(true)]);
        assert_eq!(met(20.0, 18.0), [Some(false)]);
        assert_eq!(met(16.0, 16.0), [Some(true)], "the machine was not ours alone");
    }
}
