// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Costs outside of the average call, compared with the C vDSO in the same run.

mod cold;
mod first_call;
mod interruptions;
mod latency;
mod rekeying;
mod signals;
mod switches;
mod threads;
mod xstate;

use crate::goals::Goal;
use crate::peers::{Level, Name, Peer, Vdso};
use crate::table;
use anyhow::Result;
use serde::Serialize;
use std::path::Path;

/// A vDSO function to be measured: this project's under each CPU level, or the running kernel's.
pub struct VdsoFunction {
    /// The name of the peer.
    pub name: Name,
    /// The function.
    pub vdso: Vdso,
}

impl VdsoFunction {
    fn find(products: &Path) -> Vec<Self> {
        // Skip absent functions silently: the search for peers has already reported them.
        let ours = Level::ALL.into_iter().map(|level| (Name::Ours(level), Vdso::ours(products, level)));
        ours.chain([(Name::CVdso, Vdso::running())])
            .filter_map(|(name, vdso)| Some(Self { name, vdso: vdso.ok()? }))
            .collect()
    }

    /// The function with the fresh state of one thread.
    ///
    /// # Errors
    /// No memory for the state.
    pub fn peer(&self) -> Result<Peer> {
        Ok(Peer::of_vdso(self.name, self.vdso.thread()?))
    }
}

/// All measurements of this kind.
#[derive(Serialize)]
pub struct Costs {
    in_use: Vec<xstate::InUse>,
    switches: Vec<interruptions::Cost>,
    signals: Vec<interruptions::Cost>,
    first_calls: Vec<first_call::FirstCall>,
    rekeying: Vec<rekeying::Rekeying>,
    latencies: latency::Latencies,
    cold: Vec<cold::Cold>,
    scaling: Vec<threads::Scaling>,
}

/// Measures all costs; `quick` takes fewer samples.
///
/// # Errors
/// The operating system refuses memory, processes or threads.
pub fn measure(products: &Path, quick: bool) -> Result<Costs> {
    let functions = VdsoFunction::find(products);
    Ok(Costs {
        in_use: xstate::measure(&functions)?,
        switches: switches::measure(&functions, quick)?,
        signals: signals::measure(&functions, quick)?,
        first_calls: first_call::measure(&functions, quick)?,
        rekeying: rekeying::measure(&functions, quick)?,
        latencies: latency::measure(&functions, quick)?,
        cold: cold::measure(&functions, quick)?,
        scaling: threads::measure(&functions, quick)?,
    })
}

impl Costs {
    /// Prints a table for each cost.
    pub fn print(&self) {
        xstate::print(&self.in_use);
        interruptions::print(
            "context switch: two processes on one processor, over pipes, ns a round trip",
            &self.switches,
        );
        interruptions::print("signal: raised and handled, ns", &self.signals);
        first_call::print(&self.first_calls);
        rekeying::print(&self.rekeying);
        latency::print(&self.latencies);
        cold::print(&self.cold);
        threads::print(&self.scaling);
    }

    /// Evaluates the goals for these measurements.
    pub fn goals(&self) -> Vec<Goal> {
        [latency::goals(&self.latencies), cold::goals(&self.cold), threads::goals(&self.scaling)].concat()
    }
}

/// A row of a table: a name, and nanoseconds.
fn row(name: impl ToString, ns: impl IntoIterator<Item = f64>) -> Vec<String> {
    std::iter::once(name.to_string()).chain(ns.into_iter().map(table::duration)).collect()
}
