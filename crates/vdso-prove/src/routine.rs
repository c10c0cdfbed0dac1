// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The theorem for one routine: runs it from symbolic inputs and holds every end of a path against the claims.

mod generate;
mod refill;

use crate::claims::Located;
use crate::fault::{Claim, Fault};
use crate::finding::Finding;
use crate::program::{Program, Subroutine};
use crate::run::Run;
use crate::spec;
use crate::term::{Symbol, Terms, Value};
use std::collections::BTreeSet;
use vdso_abi::routines::CipherRoutine;
use vdso_abi::state::GROUP_BLOCKS;

/// Blocks whose terms the specification makes beforehand: two groups, as many as any routine has in registers.
const BLOCKS: u64 = 2 * GROUP_BLOCKS as u64;

/// How a routine was proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The name of the routine.
    pub routine: String,
    /// Instructions executed, each counted once.
    pub instructions: usize,
    /// Paths followed to their end.
    pub paths: usize,
    /// Terms that the proof made.
    pub terms: usize,
}

/// A routine on trial, with its inputs as symbols.
struct Trial<'a> {
    terms: Terms,
    run: Run<'a>,
    state: Value,
    counter: Value,
    blocks: Vec<Vec<Value>>,
    paths: usize,
}

/// Proves all claims about a routine of a program.
///
/// # Errors
/// The first violated claim; the routine is missing.
pub fn prove(program: &Program, routine: &CipherRoutine) -> Result<Proof, Finding> {
    let missing = || Finding {
        routine: routine.name.to_owned(),
        place: None,
        claim: Claim::Covered,
        text: "no symbol has this name".into(),
    };
    let function = program.function(routine.name).ok_or_else(missing)?;
    let subroutine = Subroutine { program, function, feature: routine.feature };
    let mut trial = Trial::new(subroutine);
    if routine.name.starts_with("chacha20_refill") {
        trial.refill()?
    } else {
        trial.generate()?
    }
    trial.require_coverage()?;
    Ok(Proof {
        routine: routine.name.to_owned(),
        instructions: trial.run.executed.len(),
        paths: trial.paths,
        terms: trial.terms.len(),
    })
}

impl<'a> Trial<'a> {
    fn new(routine: Subroutine<'a>) -> Self {
        let mut terms = Terms::new();
        let state = terms.symbol(Symbol::Named("state"), 64, false);
        let counter = terms.symbol(Symbol::Named("counter"), 64, false);
        let blocks = (0..BLOCKS)
            .map(|block| {
                let number = terms.add_constant(&counter, block);
                spec::block(&mut terms, &number)
            })
            .collect();
        let run = Run { routine, cut: None, tail_calls: false, executed: BTreeSet::new(), deviation: None };
        Self { terms, run, state, counter, blocks, paths: 0 }
    }

    fn entry(&self) -> u64 {
        self.run.routine.function.address
    }

    /// A violated claim as a finding: at its instruction, or at the first one that left the specification.
    fn finding(&self, (instruction, fault): Located) -> Finding {
        let mut fault = fault;
        if let (Claim::Output, Some(deviation)) = (fault.claim, self.run.deviation) {
            fault.text = format!("the first term that the specification does not have: {}", fault.text);
            return Finding::new(self.run.routine, Some(deviation), fault);
        }
        Finding::new(self.run.routine, instruction, fault)
    }

    fn fault(&self, claim: Claim, text: impl Into<String>) -> Finding {
        self.finding((None, Fault::new(claim, text)))
    }

    /// Every instruction of the routine was executed on some path, but for padding.
    fn require_coverage(&self) -> Result<(), Finding> {
        let routine = self.run.routine;
        let instructions = routine.program.instructions(routine.function);
        let missed = instructions.iter().find(|instruction| {
            !self.run.executed.contains(&instruction.ip()) && instruction.mnemonic() != iced_x86::Mnemonic::Nop
        });
        match missed {
            None => Ok(()),
            Some(missed) => {
                Err(self.run.finding(missed.ip(), Fault::new(Claim::Covered, "no path executes this instruction")))
            }
        }
    }
}
