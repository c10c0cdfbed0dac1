// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The cost of interruptions that save and restore registers, after each kind of work.

use super::xstate::{self, UsedRegisters};
use super::{VdsoFunction, row};
use crate::buffer::Buffer;
use crate::peers::{Name, Peer};
use crate::rounds::order;
use crate::statistics::Samples;
use crate::table;
use anyhow::Result;
use serde::Serialize;
use std::fmt;
use std::time::Instant;

/// Bytes of a draw: more than a batch holds, so that every draw runs the cipher.
const LEN: usize = 512;

/// The work of the process before each interruption.
pub enum Work {
    /// Nothing: all vector registers are in their initial state.
    Nothing,
    /// A draw.
    Draw(Name, Peer, Buffer),
    /// An instruction that leaves vector registers in use.
    Leave(UsedRegisters),
}

impl Work {
    /// All kinds of work, each for one process.
    fn all(functions: &[VdsoFunction]) -> Result<Vec<Self>> {
        let mut all = vec![Self::Nothing];
        for function in functions {
            all.push(Self::Draw(function.name, function.peer()?, Buffer::new(LEN)));
        }
        all.extend(UsedRegisters::supported().into_iter().map(Self::Leave));
        Ok(all)
    }

    /// Does the work once.
    #[inline(always)]
    pub fn once(&mut self) {
        match self {
            Self::Nothing => {}
            Self::Leave(registers) => registers.leave_in_use(),
            Self::Draw(_, peer, buffer) => {
                // SAFETY: the buffer has that length.
                let filled = unsafe { peer.call(buffer.start(), LEN) };
                assert_eq!(filled, LEN as isize, "{}: a call did not fill its buffer", peer.name);
            }
        }
    }

    /// Time of the work without an interruption, in nanoseconds.
    pub fn alone_ns(&mut self, times: usize) -> f64 {
        let start = Instant::now();
        (0..times).for_each(|_| self.once());
        start.elapsed().as_nanos() as f64 / times as f64
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Draw(name, ..) => name.fmt(f),
            Self::Leave(UsedRegisters::Ymm) => f.write_str("leaving ymm0-15 in use"),
            Self::Leave(UsedRegisters::Zmm16) => f.write_str("leaving zmm16-31 in use"),
        }
    }
}

/// An interruption after one kind of work.
#[derive(Debug, Serialize)]
pub struct Cost {
    work: String,
    /// Nanoseconds of interruption and work.
    total: Samples,
    /// Nanoseconds without the work.
    interruption: Samples,
}

/// Measures `interruption` after each kind of work. It repeats work and interruption `times` times and returns the
/// nanoseconds of one repetition, in which the work is done `draws` times.
///
/// # Errors
/// Those of the interruption.
pub fn measure(
    functions: &[VdsoFunction],
    (rounds, times, draws): (usize, usize, usize),
    mut interruption: impl FnMut(&mut Work, usize) -> Result<f64>,
) -> Result<Vec<Cost>> {
    let mut works = Work::all(functions)?;
    let mut samples: Vec<Vec<(f64, f64)>> = works.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        for at in order(round, works.len()) {
            xstate::clean();
            let alone = works[at].alone_ns(times);
            xstate::clean();
            let total = interruption(&mut works[at], times)?;
            samples[at].push((total, total - draws as f64 * alone));
        }
    }
    Ok(works.iter().zip(samples).map(|(work, samples)| cost(work, samples)).collect())
}

fn cost(work: &Work, samples: Vec<(f64, f64)>) -> Cost {
    let (total, interruption) = samples.into_iter().unzip();
    Cost { work: work.to_string(), total: Samples::new(total), interruption: Samples::new(interruption) }
}

/// Prints the costs, and their difference from the cost after no work.
pub fn print(title: &str, costs: &[Cost]) {
    let Some(least) = costs.first().map(|cost| cost.interruption.median()) else { return };
    let rows: Vec<Vec<String>> = costs
        .iter()
        .map(|cost| {
            let interruption = &cost.interruption;
            let ns = [cost.total.median(), interruption.median(), interruption.min()];
            let mut row = row(&cost.work, ns);
            row.push(format!("{:+.0}", interruption.median() - least));
            row.push(table::ratio(interruption.median() / least));
            row
        })
        .collect();
    table::print(title, &["after", "total", "without work", "its minimum", "more", "ratio"], &rows);
}
