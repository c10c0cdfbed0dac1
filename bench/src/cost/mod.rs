// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What is paid outside of the average call, each beside the C vDSO in the same run.

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

/// The functions that are compared here: ours under each level, and the running kernel's.
pub struct Subject {
    /// Its name.
    pub name: Name,
    /// The function.
    pub vdso: Vdso,
}

impl Subject {
    fn find(products: &Path) -> Vec<Self> {
        // Whatever is absent was named when the peers were found.
        let ours = Level::ALL.into_iter().map(|level| (Name::Ours(level), Vdso::ours(products, level)));
        ours.chain([(Name::CVdso, Vdso::running())])
            .filter_map(|(name, vdso)| Some(Self { name, vdso: vdso.ok()? }))
            .collect()
    }

    /// It, with the fresh state of one thread.
    ///
    /// # Errors
    /// No memory for the state.
    pub fn peer(&self) -> Result<Peer> {
        Ok(Peer::of_vdso(self.name, self.vdso.thread()?))
    }
}

/// Everything that was measured.
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

/// Measures all of it; `quick` does less of everything.
///
/// # Errors
/// The operating system refuses memory, processes or threads.
pub fn measure(products: &Path, quick: bool) -> Result<Costs> {
    let subjects = Subject::find(products);
    Ok(Costs {
        in_use: xstate::measure(&subjects)?,
        switches: switches::measure(&subjects, quick)?,
        signals: signals::measure(&subjects, quick)?,
        first_calls: first_call::measure(&subjects, quick)?,
        rekeying: rekeying::measure(&subjects, quick)?,
        latencies: latency::measure(&subjects, quick)?,
        cold: cold::measure(&subjects, quick)?,
        scaling: threads::measure(&subjects, quick)?,
    })
}

impl Costs {
    /// Prints a table for each.
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

    /// Judges the goals that belong to these measurements.
    pub fn goals(&self) -> Vec<Goal> {
        [latency::goals(&self.latencies), cold::goals(&self.cold), threads::goals(&self.scaling)].concat()
    }
}

/// A row of a table: a name, and nanoseconds.
fn row(name: impl ToString, ns: impl IntoIterator<Item = f64>) -> Vec<String> {
    std::iter::once(name.to_string()).chain(ns.into_iter().map(table::duration)).collect()
}
