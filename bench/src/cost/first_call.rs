// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The first call of a thread: size probe, mapping and key fetch.

use super::{VdsoFunction, row};
use crate::buffer::Buffer;
use crate::clock::Tsc;
use crate::peers::{Name, Peer};
use crate::rounds::order;
use crate::statistics::Samples;
use crate::table;
use anyhow::Result;
use serde::Serialize;

/// Bytes drawn.
const LEN: usize = 4;

/// Nanoseconds of each step up to the first draw from the batch.
#[derive(Debug, Serialize)]
pub struct FirstCall {
    peer: Name,
    /// Bytes of a state. Each thread needs one.
    state_len: usize,
    /// The size probe.
    probe: Samples,
    /// The mapping of a page, which a C library shares among several threads.
    mapping: Samples,
    /// The first draw: a page fault, a key fetch and a refill.
    first: Samples,
    /// The second draw, from the batch.
    second: Samples,
}

/// Measures first calls with new states.
///
/// # Errors
/// No memory for a state.
pub fn measure(functions: &[VdsoFunction], quick: bool) -> Result<Vec<FirstCall>> {
    let tsc = Tsc::calibrate();
    let mut samples: Vec<[Vec<f64>; 4]> = functions.iter().map(|_| [const { Vec::new() }; 4]).collect();
    for round in 0..if quick { 200 } else { 1000 } {
        for at in order(round, functions.len()) {
            let ns = once(&functions[at], tsc)?;
            samples[at].iter_mut().zip(ns).for_each(|(samples, ns)| samples.push(ns));
        }
    }
    let calls = functions.iter().zip(samples).map(|(function, samples)| {
        let [probe, mapping, first, second] = samples.map(Samples::new);
        FirstCall { peer: function.name, state_len: function.vdso.state_len(), probe, mapping, first, second }
    });
    Ok(calls.collect())
}

fn once(function: &VdsoFunction, tsc: Tsc) -> Result<[f64; 4]> {
    let mut buffer = Buffer::new(LEN);
    let start = Tsc::begin();
    function.vdso.probe()?;
    let probed = Tsc::end();
    let thread = function.vdso.thread()?;
    let mapped = Tsc::end();
    let peer = Peer::of_vdso(function.name, thread);
    let [first, second] = [(); 2].map(|()| {
        let start = Tsc::begin();
        // SAFETY: the buffer has that length.
        unsafe { peer.call(buffer.start(), LEN) };
        Tsc::end() - start
    });
    Ok([probed - start, mapped - probed, first, second].map(|ticks| tsc.ns(ticks)))
}

/// Prints the medians.
pub fn print(calls: &[FirstCall]) {
    let rows: Vec<Vec<String>> = calls
        .iter()
        .map(|call| {
            let mut row = row(call.peer, [&call.probe, &call.mapping, &call.first, &call.second].map(Samples::median));
            row.push(call.state_len.to_string());
            row
        })
        .collect();
    let heading = ["", "probe", "mapping", "first draw", "second draw", "bytes of a state"];
    table::print("first call, ns, medians", &heading, &rows);
}
