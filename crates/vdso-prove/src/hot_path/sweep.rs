// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Every small draw: both functions, all lengths, all fills.

use super::{FILLS, LENGTHS, Paths, prove};
use crate::finding::Finding;
use crate::program::Program;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The exported functions under the names that they have in every image.
const FUNCTIONS: [&str; 2] = ["__vdso_vgetrandom", "__vdso_getrandom"];

/// Proves every small draw of a program in `threads` threads, and adds up how the paths ended.
///
/// # Errors
/// A violated claim: the first one of the thread that found one.
pub fn sweep(program: &Program, threads: usize) -> Result<Paths, Finding> {
    let next = AtomicUsize::new(*LENGTHS.start());
    let worker = || -> Result<Paths, Finding> {
        let mut all = Paths::default();
        loop {
            let len = next.fetch_add(1, Ordering::Relaxed);
            if !LENGTHS.contains(&len) {
                return Ok(all);
            }
            for (name, fill) in FUNCTIONS.iter().flat_map(|name| FILLS.map(move |fill| (name, fill))) {
                all.add(&prove(program, name, len, fill)?);
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let mut all = Paths::default();
        for worker in workers {
            all.add(&worker.join().expect("a worker does not panic")?);
        }
        Ok(all)
    })
}

impl Paths {
    /// Adds the paths of another call.
    pub fn add(&mut self, other: &Self) {
        self.served += other.served;
        for (reason, count) in &other.left {
            *self.left.entry(*reason).or_default() += count;
        }
    }
}
