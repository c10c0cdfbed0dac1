// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The scaling from one thread to two, which share only read-only pages.

use super::VdsoFunction;
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
/// Calls between two reads of the flag that ends the measurement.
const CALLS: usize = 256;

/// Calls in a microsecond, from the best round.
#[derive(Debug, Serialize)]
pub struct Scaling {
    /// The peer; `None` for the control.
    peer: Option<Name>,
    one_thread: f64,
    two_threads: f64,
}

impl Scaling {
    fn ratio(&self) -> f64 {
        self.two_threads / self.one_thread
    }
}

/// The control: arithmetic in registers, which scales with the processors that this program gets.
struct Arithmetic(u64);

impl Generator for Arithmetic {
    fn fill(&mut self, _bytes: &mut [u8]) -> bool {
        for _ in 0..16 {
            self.0 = std::hint::black_box(self.0.rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        true
    }
}

/// Measures one thread and two threads alternately; returns nothing if this process may use only one processor.
///
/// # Errors
/// The kernel refuses threads, memory or the processor.
pub fn measure(functions: &[VdsoFunction], quick: bool) -> Result<Vec<Scaling>> {
    let allowed = allowed()?;
    let [first, second, ..] = allowed[..] else { return Ok(Vec::new()) };
    let (rounds, time) = if quick { (7, 4) } else { (31, 10) };
    let time = Duration::from_millis(time);
    let mut all: Vec<Scaling> = std::iter::once(None).chain(functions.iter().map(Some)).map(nothing_yet).collect();
    for round in 0..rounds {
        for at in crate::rounds::order(round, all.len()) {
            let function = at.checked_sub(1).map(|at| &functions[at]);
            // Either processor may be the slower one.
            let alone = if round % 2 == 0 { first } else { second };
            let (one, two) = (rate(function, &[alone], time)?, rate(function, &[first, second], time)?);
            all[at].one_thread = all[at].one_thread.max(one);
            all[at].two_threads = all[at].two_threads.max(two);
        }
    }
    Ok(all)
}

fn nothing_yet(function: Option<&VdsoFunction>) -> Scaling {
    Scaling { peer: function.map(|function| function.name), one_thread: 0.0, two_threads: 0.0 }
}

/// Calls in a microsecond of one thread on each of these processors; without a function, of the control.
fn rate(function: Option<&VdsoFunction>, processors: &[usize], time: Duration) -> Result<f64> {
    let (start, over) = (Barrier::new(processors.len() + 1), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            processors.iter().map(|processor| scope.spawn(|| one_rate(function, *processor, &start, &over))).collect();
        start.wait();
        std::thread::sleep(time);
        over.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().ok().context("a thread panicked")?).sum()
    })
}

fn one_rate(function: Option<&VdsoFunction>, processor: usize, start: &Barrier, over: &AtomicBool) -> Result<f64> {
    // A thread whose preparation failed must reach the barrier too, or the others would wait for ever.
    let ready = Pinned::to(processor).and_then(|pinned| {
        let peer = function.map_or_else(|| Ok(Peer::of(Name::EmptyCall, Arithmetic(1))), VdsoFunction::peer)?;
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

/// The goal: two threads reach 0.95 of the scaling of the control, which is 1.9 on two free cores.
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
    fn goals_compares_scaling_with_the_control() {
        let scaling = |peer, two_threads| Scaling { peer, one_thread: 10.0, two_threads };
        let met = |control, ours| {
            let all =
                [scaling(None, control), scaling(Some(Name::Ours(Level::Sse2)), ours), scaling(Some(Name::CVdso), 1.0)];
            goals(&all).iter().map(Goal::is_met).collect::<Vec<_>>()
        };
        assert_eq!(met(20.0, 19.1), [Some(true)]);
        assert_eq!(met(20.0, 18.0), [Some(false)]);
        assert_eq!(met(16.0, 16.0), [Some(true)], "other programs used the machine");
    }
}
