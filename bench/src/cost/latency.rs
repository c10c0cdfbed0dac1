// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The latency of single calls: median and tail.

use super::{VdsoFunction, row};
use crate::buffer::Buffer;
use crate::clock::Tsc;
use crate::goals::Goal;
use crate::peers::{EmptyCall, Name, Peer};
use crate::rounds::order;
use crate::statistics::Samples;
use crate::table;
use anyhow::Result;
use serde::Serialize;

/// Bytes drawn.
const LEN: usize = 4;
/// Consecutive calls of one peer.
const TURN: usize = 5000;

/// The latencies of all peers, and the resolution of the clock.
#[derive(Debug, Serialize)]
pub struct Latencies {
    clock_step_ns: f64,
    peers: Vec<Latency>,
}

/// Percentiles of the latency in nanoseconds, which include the time of reading the clock.
#[derive(Debug, Serialize)]
struct Latency {
    peer: Name,
    p50: f64,
    p99: f64,
    p999: f64,
}

/// Measures single calls.
///
/// # Errors
/// No memory for a state.
pub fn measure(functions: &[VdsoFunction], quick: bool) -> Result<Latencies> {
    let tsc = Tsc::calibrate();
    let mut peers = functions.iter().map(VdsoFunction::peer).collect::<Result<Vec<_>>>()?;
    peers.push(Peer::of(Name::EmptyCall, EmptyCall));
    let mut samples: Vec<Vec<f64>> = peers.iter().map(|_| Vec::new()).collect();
    let mut buffer = Buffer::new(LEN);
    for round in 0..if quick { 20 } else { 200 } {
        for at in order(round, peers.len()) {
            samples[at].extend(turn(&peers[at], &mut buffer).into_iter().map(|ticks| tsc.ns(ticks)));
        }
    }
    let latencies = peers.iter().zip(samples).map(|(peer, samples)| {
        let samples = Samples::new(samples);
        let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|part| samples.quantile(part));
        Latency { peer: peer.name, p50, p99, p999 }
    });
    Ok(Latencies { clock_step_ns: tsc.step_ns(), peers: latencies.collect() })
}

fn turn(peer: &Peer, buffer: &mut Buffer) -> Vec<u64> {
    let mut ticks = vec![0; TURN];
    let buffer = buffer.start();
    for ticks in &mut ticks {
        let start = Tsc::begin();
        // SAFETY: the buffer has that length.
        unsafe { peer.call(buffer, LEN) };
        *ticks = Tsc::end() - start;
    }
    ticks
}

/// Prints the percentiles.
pub fn print(latencies: &Latencies) {
    let rows: Vec<Vec<String>> =
        latencies.peers.iter().map(|each| row(each.peer, [each.p50, each.p99, each.p999])).collect();
    let step = latencies.clock_step_ns;
    table::print(
        &format!("single calls for {LEN} bytes, ns, clock included, which has steps of {step:.1}"),
        &["", "p50", "p99", "p99.9"],
        &rows,
    );
}

/// The goal: the 99.9th percentile of this project's function is at most the 99th percentile of the C vDSO.
pub fn goals(latencies: &Latencies) -> Vec<Goal> {
    let c_vdso = latencies.peers.iter().find(|each| each.peer == Name::CVdso);
    let ours = latencies.peers.iter().filter(|each| matches!(each.peer, Name::Ours(_)));
    ours.map(|ours| Goal {
        what: format!("p99.9 of {} against p99 of {}", ours.peer, Name::CVdso),
        at: format!("{LEN} B"),
        wanted: 1.0,
        at_least: true,
        seen: c_vdso.map(|c_vdso| c_vdso.p99 / ours.p999),
        seen_in_best_rounds: None,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::Level;

    #[test]
    fn goals_compares_p999_with_p99_of_the_c_vdso() {
        let ours = |p999| Latency { peer: Name::Ours(Level::Avx2), p50: 5.0, p99: 6.0, p999 };
        let theirs = || Latency { peer: Name::CVdso, p50: 12.0, p99: 220.0, p999: 230.0 };
        let met = |peers| {
            let latencies = Latencies { clock_step_ns: 1.0, peers };
            goals(&latencies).iter().map(Goal::is_met).collect::<Vec<_>>()
        };
        assert_eq!(met(vec![ours(219.0), theirs()]), [Some(true)]);
        assert_eq!(met(vec![theirs(), ours(221.0)]), [Some(false)]);
        assert_eq!(met(vec![ours(1.0)]), [None], "the C vDSO is absent");
    }
}
