// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The cost of a new key: after a reseed, a fork, or the reclaim of the state's page.

use super::{VdsoFunction, row};
use crate::buffer::Buffer;
use crate::peers::{Name, Peer, Vdso};
use crate::rounds::order;
use crate::statistics::Samples;
use crate::table;
use anyhow::Result;
use serde::Serialize;
use std::time::Instant;

/// Bytes drawn.
const LEN: usize = 4;

/// Nanoseconds of a draw in the three cases.
#[derive(Debug, Serialize)]
pub struct Rekeying {
    peer: Name,
    /// The key stayed valid.
    undisturbed: Samples,
    /// This program zeroed the state before each draw, as the kernel does in a fork.
    wiped: Samples,
    /// The generation moved before each draw. `None` for the running kernel, whose data page is read-only.
    new_generation: Option<Samples>,
}

/// Measures draws whose state lost its key.
///
/// # Errors
/// No memory for a state.
pub fn measure(functions: &[VdsoFunction], quick: bool) -> Result<Vec<Rekeying>> {
    let (rounds, times) = if quick { (5, 500) } else { (15, 2000) };
    let mut running = functions.iter().map(Running::new).collect::<Result<Vec<_>>>()?;
    for round in 0..rounds {
        for at in order(round, running.len()) {
            running[at].sample(times);
        }
    }
    Ok(running.into_iter().map(Running::finish).collect())
}

struct Running<'a> {
    vdso: &'a Vdso,
    peer: Peer,
    state: *mut u8,
    state_len: usize,
    buffer: Buffer,
    undisturbed: Vec<f64>,
    wiped: Vec<f64>,
    new_generation: Vec<f64>,
}

impl<'a> Running<'a> {
    fn new(function: &'a VdsoFunction) -> Result<Self> {
        let thread = function.vdso.thread()?;
        Ok(Self {
            vdso: &function.vdso,
            state: thread.state().cast(),
            state_len: thread.state_len(),
            peer: Peer::of_vdso(function.name, thread),
            buffer: Buffer::new(LEN),
            undisturbed: Vec::new(),
            wiped: Vec::new(),
            new_generation: Vec::new(),
        })
    }

    fn sample(&mut self, times: usize) {
        let (state, len) = (self.state, self.state_len);
        let ns = self.draws(times, || {});
        self.undisturbed.push(ns);
        // SAFETY: the state is this thread's, no call is under way, and zeros are a fresh state.
        let ns = self.draws(times, || unsafe { state.write_bytes(0, len) });
        self.wiped.push(ns);
        if let Some(data) = self.vdso.data() {
            let ns = self.draws(times, || data.set_generation(data.generation() + 1));
            self.new_generation.push(ns);
        }
    }

    /// Nanoseconds of `before` and one draw.
    fn draws(&mut self, times: usize, before: impl Fn()) -> f64 {
        let buffer = self.buffer.start();
        let start = Instant::now();
        for _ in 0..times {
            before();
            // SAFETY: the buffer has that length.
            unsafe { self.peer.call(buffer, LEN) };
        }
        start.elapsed().as_nanos() as f64 / times as f64
    }

    fn finish(self) -> Rekeying {
        Rekeying {
            peer: self.peer.name,
            undisturbed: Samples::new(self.undisturbed),
            wiped: Samples::new(self.wiped),
            new_generation: (!self.new_generation.is_empty()).then(|| Samples::new(self.new_generation)),
        }
    }
}

/// Prints the medians.
pub fn print(rekeying: &[Rekeying]) {
    let rows: Vec<Vec<String>> = rekeying
        .iter()
        .map(|each| {
            let mut row = row(each.peer, [each.undisturbed.median(), each.wiped.median()]);
            row.push(each.new_generation.as_ref().map_or_else(|| "-".into(), |ns| table::duration(ns.median())));
            row
        })
        .collect();
    let heading = ["", "undisturbed", "state wiped", "new generation"];
    table::print(&format!("new key before each draw of {LEN} bytes, ns, medians"), &heading, &rows);
}
