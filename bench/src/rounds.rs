// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Rounds, each of which measures every peer once: a disturbance of the machine then affects all peers alike.

use crate::buffer::Buffer;
use crate::clock::CoreClock;
use crate::peers::{Name, Peer};
use crate::sizes::{LARGEST, MIXED_MAX, SIZES, Size};
use crate::statistics::Samples;
use serde::Serialize;
use std::time::{Duration, Instant};

/// The number and length of the samples.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Effort {
    /// Rounds.
    pub rounds: usize,
    /// Approximate time of one sample.
    pub sample: Duration,
}

/// The time of a call of one peer for one size.
#[derive(Debug, Serialize)]
pub struct Cell {
    /// The peer.
    pub peer: Name,
    /// The size.
    pub size: Size,
    /// Calls in each sample.
    pub calls: usize,
    /// Nanoseconds for each call, one sample for each round.
    pub ns: Samples,
}

/// The results of all rounds.
#[derive(Debug, Serialize)]
pub struct Speeds {
    /// All cells, by size and then by peer.
    pub cells: Vec<Cell>,
    /// Clock of the core in gigahertz, one sample for each round.
    pub core_ghz: Samples,
}

impl Speeds {
    /// The measurement of a peer at a size.
    pub fn cell(&self, peer: Name, size: Size) -> Option<&Cell> {
        self.cells.iter().find(|cell| (cell.peer, cell.size) == (peer, size))
    }

    /// Median nanoseconds of a call.
    pub fn median(&self, peer: Name, size: Size) -> Option<f64> {
        self.cell(peer, size).map(|cell| cell.ns.median())
    }

    /// The median spread of all cells, which shows how noisy the run was.
    pub fn spread(&self) -> f64 {
        Samples::new(self.cells.iter().map(|cell| cell.ns.spread()).collect()).median()
    }
}

/// Measures all peers at all sizes.
pub fn measure(peers: &[Peer], effort: Effort) -> Speeds {
    let mut bench = Bench { buffer: Buffer::new(LARGEST), lengths: mixed_lengths() };
    let mut cells: Vec<Vec<Running>> = SIZES.iter().map(|size| bench.calibrate(peers, *size, effort)).collect();
    let mut core_ghz = Vec::new();
    for round in 0..effort.rounds {
        core_ghz.push(CoreClock::sample_ghz());
        for cells in &mut cells {
            for at in order(round, cells.len()) {
                let ns = bench.sample(&cells[at]);
                cells[at].ns.push(ns);
            }
        }
    }
    Speeds { cells: cells.into_iter().flatten().map(Running::finish).collect(), core_ghz: Samples::new(core_ghz) }
}

/// The order in which a round measures `count` items. Each round begins with another item, and every second round runs
/// backwards, so that no item always follows the same one.
pub fn order(round: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |at| {
        let rotated = (at + round) % count;
        if round.is_multiple_of(2) { rotated } else { count - 1 - rotated }
    })
}

/// A cell while it is being measured.
struct Running<'a> {
    peer: &'a Peer,
    size: Size,
    calls: usize,
    ns: Vec<f64>,
}

impl Running<'_> {
    fn finish(self) -> Cell {
        Cell { peer: self.peer.name, size: self.size, calls: self.calls, ns: Samples::new(self.ns) }
    }
}

struct Bench {
    buffer: Buffer,
    lengths: Vec<u8>,
}

impl Bench {
    /// Finds the number of calls in a sample for each peer.
    fn calibrate<'a>(&mut self, peers: &'a [Peer], size: Size, effort: Effort) -> Vec<Running<'a>> {
        let suited = peers.iter().filter(|peer| size.suits(peer.name));
        suited.map(|peer| self.calibrate_one(peer, size, effort)).collect()
    }

    fn calibrate_one<'a>(&mut self, peer: &'a Peer, size: Size, effort: Effort) -> Running<'a> {
        let mut running = Running { peer, size, calls: 1, ns: Vec::with_capacity(effort.rounds) };
        // The doubling is bounded, because a call that takes no time would never fill a sample.
        while running.calls < 1 << 30 {
            // Take the best of three: an interruption would make too few calls look enough, and each sample would start cold.
            let ns = (0..3).map(|_| self.sample(&running)).fold(f64::MAX, f64::min);
            let total = Duration::from_secs_f64(ns * running.calls as f64 * 1e-9);
            if total >= effort.sample / 2 {
                running.calls = scaled(running.calls, total, effort.sample);
                break;
            }
            running.calls *= 2;
        }
        running
    }

    /// Measures one sample, in nanoseconds for each call.
    fn sample(&mut self, running: &Running<'_>) -> f64 {
        let (peer, calls, buffer) = (running.peer, running.calls, self.buffer.start());
        let took = match running.size {
            Size::Fixed(len) => timed(peer, buffer, calls, |_| len),
            Size::Mixed => timed(peer, buffer, calls, |call| usize::from(self.lengths[call % MIXED_COUNT])),
        };
        took.as_secs_f64() * 1e9 / calls as f64
    }
}

/// The number of calls that take `wanted`, if `calls` took `total`.
fn scaled(calls: usize, total: Duration, wanted: Duration) -> usize {
    ((calls as f64 * wanted.as_secs_f64() / total.as_secs_f64()) as usize).max(1)
}

/// The loop of all measurements. It is not inlined, so that the compiler cannot specialise it for a peer.
#[inline(never)]
fn timed(peer: &Peer, buffer: *mut u8, calls: usize, length: impl Fn(usize) -> usize) -> Duration {
    let (mut asked, mut filled) = (0, 0);
    let start = Instant::now();
    for call in 0..calls {
        let len = length(call);
        asked += len as isize;
        // SAFETY: the buffer has room for the largest size.
        filled += unsafe { peer.call(buffer, len) };
    }
    let took = start.elapsed();
    assert_eq!(filled, asked, "{}: a call did not fill its buffer", peer.name);
    took
}

/// More lengths than a branch predictor remembers.
const MIXED_COUNT: usize = 1 << 16;

/// Random lengths from 1 to [`MIXED_MAX`].
fn mixed_lengths() -> Vec<u8> {
    use rand_010::RngExt;
    let mut rng = rand_010::rng();
    (0..MIXED_COUNT).map(|_| rng.random_range(1..=MIXED_MAX as u8)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_visits_every_item_once() {
        for (round, count) in [(0, 1), (1, 5), (6, 5), (20, 12)] {
            let mut seen: Vec<_> = order(round, count).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn order_rotates_and_reverses() {
        let orders: Vec<Vec<_>> = (0..4).map(|round| order(round, 3).collect()).collect();
        assert_eq!(orders, [vec![0, 1, 2], vec![1, 0, 2], vec![2, 0, 1], vec![2, 1, 0]]);
    }

    #[test]
    fn scaled_returns_the_calls_of_a_sample() {
        let micros = Duration::from_micros;
        assert_eq!(scaled(100, micros(50), micros(200)), 400);
        assert_eq!(scaled(1, micros(3000), micros(200)), 1, "at least one call");
    }

    #[test]
    fn mixed_lengths_contains_every_length() {
        let lengths = mixed_lengths();
        assert!((1..=MIXED_MAX as u8).all(|len| lengths.contains(&len)));
        assert!(lengths.iter().all(|len| (1..=MIXED_MAX as u8).contains(len)));
    }
}
