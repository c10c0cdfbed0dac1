// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The report of all runs.

use crate::accesses::decode;
use crate::case::{Case, LENS};
use crate::event::Event;
use crate::judge::Fault;
use crate::progress::{Finding, Progress, Tally};
use crate::target::Target;
use iced_x86::{Formatter, GasFormatter};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// The outcome of one invocation.
pub struct Report {
    /// The target.
    pub target: String,
    /// The random seed.
    pub seed: u64,
    /// The events that were tried.
    pub events: Vec<Event>,
    /// The cases, by the numbers that findings have.
    pub cases: Vec<Case>,
    /// Counts by event and length.
    pub tallies: Vec<[Tally; LENS.len()]>,
    /// The first findings of each worker, and all words that came twice across runs.
    pub findings: Vec<Finding>,
    /// How many words were compared across runs.
    pub words: usize,
    /// One of so many was.
    pub share: u64,
    /// The interrupted calls.
    pub coverage: Coverage,
}

/// Pairs of an instruction and an event. Nothing happens at no instruction, and so is no part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Instructions that any call executed.
    pub instructions: usize,
    /// Pairs that there could be.
    pub possible: usize,
    /// Pairs that there were.
    pub happened: usize,
}

impl Coverage {
    pub(crate) fn of(progress: &Progress) -> Self {
        let pairs = |events: &[AtomicU32]| -> Vec<u32> {
            let all = events.iter().map(|events| events.load(Relaxed) & !(1 << Event::Nothing.index()));
            all.filter(|events| *events != 0).collect()
        };
        let sum = |events: &[u32]| events.iter().map(|events| events.count_ones() as usize).sum();
        let possible = pairs(&progress.possible);
        Self { instructions: possible.len(), possible: sum(&possible), happened: sum(&pairs(&progress.happened)) }
    }
}

impl Report {
    /// All runs of an event.
    pub fn total(&self, event: Event) -> Tally {
        self.tallies[event.index()].iter().fold(Tally::default(), |sum, tally| Tally {
            tried: sum.tried + tally.tried,
            violated: sum.violated + tally.violated,
            finished: sum.finished + tally.finished,
            unreached: sum.unreached + tally.unreached,
            disturbed: sum.disturbed + tally.disturbed,
        })
    }

    /// The violations of the target: all findings but those of the residual events.
    pub fn violations(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.run.event.is_residual())
    }

    /// The events that showed something.
    pub fn flagged_by(&self) -> BTreeSet<Event> {
        self.violations().map(|finding| finding.run.event).collect()
    }

    /// How many pairs of equal words chance would give: half the square of their number by that of all words.
    pub fn expected_by_chance(&self) -> f64 {
        let words = self.words as f64 * self.share as f64;
        words * (words / self.share as f64) / 2f64.powi(65)
    }

    /// The findings by event and kind: how many, and the first.
    pub fn kinds(&self) -> BTreeMap<(Event, &'static str), (usize, &Finding)> {
        let mut kinds = BTreeMap::new();
        for finding in &self.findings {
            kinds.entry((finding.run.event, finding.fault.kind())).or_insert((0, finding)).0 += 1;
        }
        kinds
    }

    /// The events by the lengths that have a case: runs tried and, where there are any, violated.
    pub fn table(&self) -> String {
        let lens: BTreeSet<usize> = self.cases.iter().map(|case| case.len_index).collect();
        let mut table = format!("{:<22}", "event");
        for len in lens.iter().map(|index| LENS[*index]) {
            let _ = write!(table, "{len:>7}");
        }
        let _ = writeln!(table, "{:>9}", "all");
        for event in &self.events {
            let tallies = || lens.iter().map(|len| &self.tallies[event.index()][*len]);
            row(&mut table, event.name(), tallies().map(|tally| tally.tried), self.total(*event).tried);
            let violated = self.total(*event).violated;
            if violated > 0 {
                let name = if event.is_residual() { "  left open" } else { "  VIOLATED" };
                row(&mut table, name, tallies().map(|tally| tally.violated), violated);
            }
        }
        table
    }

    /// A finding: what, where, and how to see it again.
    pub fn describe(&self, finding: &Finding, target: &Target) -> String {
        let run = finding.run;
        let case = &self.cases[run.case as usize];
        let pc = target.code().start + run.offset as usize;
        let mut text = String::new();
        GasFormatter::new().format(&decode(pc), &mut text);
        let mut words = format!("    {}\n", finding.fault);
        let _ = writeln!(words, "    {case}");
        let _ = writeln!(words, "    before instruction {}, at {:#x}: {text}", run.position, run.offset);
        let _ = write!(words, "    again: --event {} --len {} --exhaustive", run.event, case.draw_len());
        words
    }
}

fn row(table: &mut String, name: &str, counts: impl Iterator<Item = usize>, sum: usize) {
    let _ = write!(table, "{name:<22}");
    for count in counts {
        let _ = write!(table, "{count:>7}");
    }
    let _ = writeln!(table, "{sum:>9}");
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = |of: fn(&Tally) -> usize| self.events.iter().map(|event| of(&self.total(*event))).sum::<usize>();
        write!(f, "{}", self.table())?;
        let is_across = |finding: &&Finding| matches!(finding.fault, Fault::RepeatedAcrossRuns(_));
        let across = self.violations().filter(is_across).count();
        let residual = self.events.iter().filter(|event| event.is_residual());
        let residue = residual.map(|event| self.total(*event).violated).sum::<usize>();
        let violations = all(|t| t.violated) - residue + across;
        writeln!(f, "{} injections, {violations} violations, seed {}", all(|t| t.tried), self.seed)?;
        if residue > 0 {
            writeln!(
                f,
                "{residue} runs of events that the contract leaves open showed something; they are no violations"
            )?;
        }
        writeln!(
            f,
            "{} instructions executed; {} of {} pairs of an instruction and an event came about",
            self.coverage.instructions, self.coverage.happened, self.coverage.possible
        )?;
        writeln!(
            f,
            "{} words compared across runs (one in {}); {across} came twice; {:.1e} pairs would do so by chance",
            self.words,
            self.share,
            self.expected_by_chance()
        )?;
        writeln!(
            f,
            "{} forks after the last check of the state; {} runs took another path; {} were disturbed by the kernel",
            all(|t| t.finished),
            all(|t| t.unreached),
            all(|t| t.disturbed)
        )
    }
}
