// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The first call: probe, mapping, key.

use super::{Subject, row};
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

/// Nanoseconds of each step until bytes come from the batch.
#[derive(Debug, Serialize)]
pub struct FirstCall {
    peer: Name,
    /// Bytes of a state, which each thread needs one of.
    state_len: usize,
    /// Asking for the size of a state.
    probe: Samples,
    /// Mapping a page for it, as a C library does for many threads at once.
    mapping: Samples,
    /// The first draw: a fault for the page, a key by system call, a refill.
    first: Samples,
    /// The next one, from the batch.
    second: Samples,
}

/// Measures with new states.
///
/// # Errors
/// No memory for a state.
pub fn measure(subjects: &[Subject], quick: bool) -> Result<Vec<FirstCall>> {
    let tsc = Tsc::calibrate();
    let mut samples: Vec<[Vec<f64>; 4]> = subjects.iter().map(|_| [const { Vec::new() }; 4]).collect();
    for round in 0..if quick { 200 } else { 1000 } {
        for at in order(round, subjects.len()) {
            let ns = once(&subjects[at], tsc)?;
            samples[at].iter_mut().zip(ns).for_each(|(samples, ns)| samples.push(ns));
        }
    }
    let calls = subjects.iter().zip(samples).map(|(subject, samples)| {
        let [probe, mapping, first, second] = samples.map(Samples::new);
        FirstCall { peer: subject.name, state_len: subject.vdso.state_len(), probe, mapping, first, second }
    });
    Ok(calls.collect())
}

fn once(subject: &Subject, tsc: Tsc) -> Result<[f64; 4]> {
    let mut buffer = Buffer::new(LEN);
    let start = Tsc::begin();
    subject.vdso.probe()?;
    let probed = Tsc::end();
    let thread = subject.vdso.thread()?;
    let mapped = Tsc::end();
    let peer = Peer::of_vdso(subject.name, thread);
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
