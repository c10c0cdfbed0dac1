// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! All paths of a routine from one state of the machine to its return or to a cut of its loop.

use crate::count::{self, Line, Parts};
use crate::fault::{Claim, Fault};
use crate::features;
use crate::finding::Finding;
use crate::machine::Machine;
use crate::program::Subroutine;
use crate::step::{Condition, Next, Step};
use crate::term::{Atom, Slice, Terms, Value};
use iced_x86::Instruction;
use std::collections::BTreeSet;

/// Instructions that all paths from one start may execute: ten times what the longest routine takes.
const BUDGET: usize = 100_000;

/// Paths that one run may have at a time.
const PATHS: usize = 64;

/// The end of a path.
pub enum End {
    /// At the cut.
    Cut(Machine),
    /// Back at the caller.
    Return(Machine),
    /// At the address of another function, by a jump.
    Tail(Machine, u64),
}

/// Executes paths, and records what was executed.
pub struct Run<'a> {
    /// The routine.
    pub routine: Subroutine<'a>,
    /// Where paths end before the return.
    pub cut: Option<u64>,
    /// Whether a path may end by a jump to another function.
    pub tail_calls: bool,
    /// Addresses of all instructions executed so far.
    pub executed: BTreeSet<u64>,
    /// The first instruction that computed a secret which the specification does not have.
    pub deviation: Option<u64>,
}

impl Run<'_> {
    /// All ends of paths from `address` on.
    ///
    /// # Errors
    /// The first violated claim.
    pub fn explore(&mut self, terms: &mut Terms, start: Machine, address: u64) -> Result<Vec<End>, Finding> {
        let mut open = vec![(start, address)];
        let mut ends = Vec::new();
        let mut budget = BUDGET;
        while let Some((machine, address)) = open.pop() {
            for (machine, next) in self.path(terms, machine, address, &mut budget)? {
                match next {
                    None => ends.push(End::Return(machine)),
                    Some(address) if self.cut == Some(address) => ends.push(End::Cut(machine)),
                    Some(address) if self.tail_calls && self.is_other_function(address) => {
                        ends.push(End::Tail(machine, address));
                    }
                    Some(address) => open.push((machine, address)),
                }
            }
            if open.len() + ends.len() > PATHS {
                return Err(self.finding(address, Fault::new(Claim::Covered, "too many paths")));
            }
        }
        Ok(ends)
    }

    /// Follows one path to the cut, to its return, or through the first branch that both ways are open of: machines and the
    /// addresses where they go on, none after the return.
    fn path(
        &mut self,
        terms: &mut Terms,
        mut machine: Machine,
        mut address: u64,
        budget: &mut usize,
    ) -> Result<Vec<(Machine, Option<u64>)>, Finding> {
        while *budget > 0 {
            *budget -= 1;
            let instruction = self.fetch(address)?;
            let (routine, at) = (self.routine, address);
            let fault = move |fault| Finding::new(routine, Some(at), fault);
            features::check(&instruction, self.routine.feature).map_err(fault)?;
            let known = terms.len();
            let program = self.routine.program;
            let next =
                Step { terms, program, machine: &mut machine, instruction: &instruction }.run().map_err(fault)?;
            self.executed.insert(address);
            if self.deviation.is_none() && terms.has_secret_atom_since(known) {
                self.deviation = Some(address);
            }
            let following = instruction.next_ip();
            address = match next {
                Next::Return => return Ok(vec![(machine, None)]),
                Next::Following => following,
                Next::Jump(target) => target,
                Next::Branch(condition, target) => {
                    let outcomes = outcomes(terms, machine, &condition).map_err(fault)?;
                    let next = |holds| Some(if holds { target } else { following });
                    return Ok(outcomes.into_iter().map(|(holds, machine)| (machine, next(holds))).collect());
                }
                Next::Select { condition, then, otherwise } => {
                    let mut outcomes = outcomes(terms, machine, &condition).map_err(fault)?;
                    for (holds, machine) in &mut outcomes {
                        let write = if *holds { Some(&then) } else { otherwise.as_ref() };
                        write.into_iter().for_each(|write| machine.perform(write));
                    }
                    return Ok(outcomes.into_iter().map(|(_, machine)| (machine, Some(following))).collect());
                }
            };
            if self.cut == Some(address) || self.tail_calls && self.is_other_function(address) {
                return Ok(vec![(machine, Some(address))]);
            }
        }
        Err(self.finding(address, Fault::new(Claim::Covered, "the paths do not end")))
    }

    fn is_other_function(&self, address: u64) -> bool {
        let mut others = self.routine.program.functions.iter();
        address != self.routine.function.address && others.any(|function| function.address == address)
    }

    fn fetch(&self, address: u64) -> Result<Instruction, Finding> {
        let function = self.routine.function;
        let is_inside = (function.address..function.address + function.len).contains(&address);
        let instruction = self.routine.program.instruction(address).filter(|_| is_inside);
        instruction.ok_or_else(|| self.finding(address, Fault::new(Claim::Covered, "execution leaves the routine")))
    }

    /// A finding at an instruction.
    pub fn finding(&self, address: u64, fault: Fault) -> Finding {
        Finding::new(self.routine, Some(address), fault)
    }
}

/// The machines in which a condition holds or does not, each with that knowledge.
fn outcomes(terms: &Terms, machine: Machine, condition: &Condition) -> Result<Vec<(bool, Machine)>, Fault> {
    let bit = &condition.bit;
    if let Some(known) = bit.as_constant().map(|bit| bit != 0).or_else(|| machine.assumed(bit)) {
        return Ok(vec![(known != condition.negated, machine)]);
    }
    if terms.is_secret(bit) {
        return Err(Fault::new(Claim::Secrets, format!("branch depends on a secret: {}", terms.text(bit))));
    }
    if let Some(parts) = by_count(terms, &machine, bit)? {
        let outcome = |(holds, interval): (bool, count::Interval)| {
            let mut part = machine.clone();
            if let Some((_, counts)) = &mut part.count {
                *counts = interval;
            }
            (holds != condition.negated, part)
        };
        return Ok(parts.into_iter().map(outcome).collect());
    }
    let outcome = |holds| {
        let mut assuming = machine.clone();
        assuming.assume(bit.clone(), holds);
        (holds != condition.negated, assuming)
    };
    Ok(vec![outcome(true), outcome(false)])
}

/// Where a condition on the count of the loop holds; `None` if it is another condition.
fn by_count(terms: &Terms, machine: &Machine, bit: &Value) -> Result<Option<Parts>, Fault> {
    let (Some((count, interval)), [Slice::Part { atom, .. }]) = (&machine.count, bit.slices()) else {
        return Ok(None);
    };
    let line = |value: &Value| line(terms, count, value);
    let parts = match terms.atom(*atom) {
        Atom::IsZero { of } => line(of).map(|line| count::zero(line, *interval)),
        Atom::Less { left, right } => {
            line(left).zip(line(right)).map(|(left, right)| count::less(left, right, *interval))
        }
        _ => None,
    };
    match parts {
        None => Ok(None),
        Some(Some(parts)) => Ok(Some(parts)),
        Some(None) => Err(Fault::new(Claim::Loop, format!("the count may wrap: {}", terms.text(bit)))),
    }
}

/// A value as a line over the count.
pub fn line(terms: &Terms, count: &Value, value: &Value) -> Option<Line> {
    let (constant, summands) = terms.linear_form(value);
    let factor = match summands.as_slice() {
        [] => 0,
        [(symbol, factor)] if symbol == count => *factor as i64,
        _ => return None,
    };
    Some(Line { factor, constant: constant as i64 })
}
