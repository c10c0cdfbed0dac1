// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Calls after a pause without vector instructions, when the processor may have powered down its wide units.

use super::VdsoFunction;
use crate::buffer::Buffer;
use crate::clock::Tsc;
use crate::goals::Goal;
use crate::peers::{Name, Peer};
use crate::rounds::order;
use crate::sizes::Size;
use crate::statistics::Samples;
use crate::table;
use anyhow::Result;
use serde::Serialize;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The pause. Intel processors power the upper lanes down after about 675 µs without use (Agner Fog, "The microarchitecture
/// of Intel, AMD and VIA CPUs", chapter on Skylake); AMD documents no such time.
const IDLE: Duration = Duration::from_micros(1000);

/// The sizes of the call after the pause.
const LENGTHS: [usize; 4] = [32, 256, 512, 4096];
/// The least size that has a goal: the wide ciphers must not cost more than the C vDSO.
const GOAL_FROM: usize = 512;

/// Nanoseconds of a call after the pause, for each of [`LENGTHS`].
#[derive(Debug, Serialize)]
pub struct Cold {
    peer: Name,
    ns: Vec<Samples>,
}

/// Measures single calls after scalar work.
///
/// # Errors
/// No memory for a state.
pub fn measure(functions: &[VdsoFunction], quick: bool) -> Result<Vec<Cold>> {
    let tsc = Tsc::calibrate();
    let peers = functions.iter().map(VdsoFunction::peer).collect::<Result<Vec<_>>>()?;
    let mut samples = vec![vec![Vec::new(); LENGTHS.len()]; peers.len()];
    let mut buffer = Buffer::new(LENGTHS[LENGTHS.len() - 1]);
    for round in 0..if quick { 30 } else { 200 } {
        for at in order(round, peers.len()) {
            for (len, samples) in LENGTHS.into_iter().zip(&mut samples[at]) {
                samples.push(tsc.ns(cold_call(&peers[at], &mut buffer, len)));
            }
        }
    }
    let cold = peers.iter().zip(samples);
    Ok(cold.map(|(peer, ns)| Cold { peer: peer.name, ns: ns.into_iter().map(Samples::new).collect() }).collect())
}

fn cold_call(peer: &Peer, buffer: &mut Buffer, len: usize) -> u64 {
    let buffer = buffer.start();
    super::xstate::clean();
    scalar_work(IDLE);
    let start = Tsc::begin();
    // SAFETY: the buffer has the largest length.
    unsafe { peer.call(buffer, len) };
    Tsc::end() - start
}

/// Keeps the core busy without a vector instruction.
fn scalar_work(time: Duration) {
    let start = Instant::now();
    let mut value = 1_u64;
    while start.elapsed() < time {
        for _ in 0..1000 {
            value = black_box(value.rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
    }
}

/// Prints the medians.
pub fn print(cold: &[Cold]) {
    let heading = LENGTHS.map(|len| Size::Fixed(len).to_string());
    let heading: Vec<&str> = std::iter::once("").chain(heading.iter().map(String::as_str)).collect();
    let rows: Vec<Vec<String>> =
        cold.iter().map(|each| super::row(each.peer, each.ns.iter().map(Samples::median))).collect();
    table::print(&format!("a call after {IDLE:?} of scalar work, ns, medians, clock included"), &heading, &rows);
}

/// The goals: after the pause, the wide ciphers cost no more than the C vDSO.
pub fn goals(cold: &[Cold]) -> Vec<Goal> {
    let c_vdso = cold.iter().find(|each| each.peer == Name::CVdso);
    let compared = || LENGTHS.into_iter().enumerate().filter(|(_, len)| *len >= GOAL_FROM);
    let ours = cold.iter().filter(|each| matches!(each.peer, Name::Ours(_)));
    ours.flat_map(|ours| {
        compared().map(move |(at, len)| Goal {
            what: format!("{}, cold, against {}, cold", ours.peer, Name::CVdso),
            at: Size::Fixed(len).to_string(),
            wanted: 1.0,
            at_least: true,
            seen: c_vdso.map(|c_vdso| c_vdso.ns[at].median() / ours.ns[at].median()),
            seen_in_best_rounds: None,
        })
    })
    .collect()
}
