// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A new key for a state that had one: after a reseed of the kernel's generator, after a fork, after its page was dropped.

use super::{Subject, row};
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
    /// Nothing happened.
    undisturbed: Samples,
    /// The state was zeroed before each draw, by this program in the kernel's stead.
    wiped: Samples,
    /// The generation moved before each draw; only our data page is ours to write.
    new_generation: Option<Samples>,
}

/// Measures with a state that lost its key before each draw.
///
/// # Errors
/// No memory for a state.
pub fn measure(subjects: &[Subject], quick: bool) -> Result<Vec<Rekeying>> {
    let (rounds, times) = if quick { (5, 500) } else { (15, 2000) };
    let mut running = subjects.iter().map(Running::new).collect::<Result<Vec<_>>>()?;
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
    fn new(subject: &'a Subject) -> Result<Self> {
        let thread = subject.vdso.thread()?;
        Ok(Self {
            vdso: &subject.vdso,
            state: thread.state().cast(),
            state_len: thread.state_len(),
            peer: Peer::of_vdso(subject.name, thread),
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

    /// Nanoseconds of `before` and a draw.
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
