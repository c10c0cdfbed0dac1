// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The claims about whole groups: `fn(out, state, counter, groups)`, for any number of groups, by induction.
//!
//! The cut is the head of the outer loop. From the entry, a path returns with nothing made, or comes to the cut with the
//! arguments in registers. From the cut with `left` units, a path makes `k` blocks and comes back to the cut with the output
//! and the counter `k` blocks further and `left` accordingly less, or makes exactly the blocks that were left and returns.

use super::Trial;
use crate::claims;
use crate::count::{Interval, Line};
use crate::fault::Claim;
use crate::finding::Finding;
use crate::machine::general_register::{NAMES, RCX, RDI, RDX, RSI};
use crate::machine::{Machine, PIECE};
use crate::memory::{Place, Region, WORD};
use crate::run::{End, line};
use crate::term::{Symbol, Value};
use vdso_abi::state::{BLOCK_LEN, GROUP_BLOCKS, GROUP_LEN, KEY_LEN};

/// Groups that a buffer can have: no object in memory is longer than `isize::MAX`.
const MAX_GROUPS: u64 = isize::MAX as u64 / GROUP_LEN as u64;

/// The key: never stored to.
const KEY: (Region, i64, i64) = (Region::State, 0, KEY_LEN as i64);

/// The drained batch.
const SCRATCH: (Region, i64, i64) = (Region::State, KEY_LEN as i64, WORD);

/// The registers that hold the arguments at the cut.
struct Roles {
    out: usize,
    state: usize,
    counter: usize,
    left: usize,
    /// The value of `left` for one group.
    per_group: u64,
}

impl Trial<'_> {
    pub(super) fn generate(&mut self) -> Result<(), Finding> {
        let cut = self.loop_head()?;
        self.run.cut = Some(cut);
        let out = self.terms.symbol(Symbol::Named("out"), 64, false);
        let groups = self.terms.symbol(Symbol::Named("groups"), 64, false);
        let mut machine = self.machine(&out);
        machine.registers[RDI] = out.clone();
        machine.registers[RSI] = self.state.clone();
        machine.registers[RDX] = self.counter.clone();
        machine.registers[RCX] = groups.clone();
        machine.count = Some((groups.clone(), Interval { low: 0, high: MAX_GROUPS }));
        let entry = self.entry();
        let ends = self.run.explore(&mut self.terms, machine, entry)?;
        self.paths += ends.len();
        let mut at_cut: Option<(Machine, Roles)> = None;
        for end in ends {
            match end {
                End::Return(machine) => self.returned_at_once(&machine)?,
                End::Tail(..) => return Err(self.fault(Claim::Covered, "a jump to another function")),
                End::Cut(machine) => {
                    let roles = self.arrived(&machine, &out, &groups)?;
                    if at_cut.replace((machine, roles)).is_some() {
                        return Err(self.fault(Claim::Loop, "more than one path comes to the loop"));
                    }
                }
            }
        }
        let (at_cut, roles) = at_cut.ok_or_else(|| self.fault(Claim::Loop, "no number of groups comes to the loop"))?;
        // The unit in which the rest is counted: the largest one in which the loop makes progress in whole units.
        let units = (1..=roles.per_group).rev().filter(|unit| roles.per_group.is_multiple_of(*unit));
        let mut last = None;
        for unit in units {
            match self.induction(&at_cut, &roles, unit, cut) {
                Ok(()) => return Ok(()),
                Err(finding) if finding.claim == Claim::Loop => last = Some(finding),
                Err(finding) => return Err(finding),
            }
        }
        Err(last.unwrap_or_else(|| self.fault(Claim::Loop, "the count of the loop is 0 for each group")))
    }

    fn machine(&mut self, out: &Value) -> Machine {
        let mut machine = Machine::new(&mut self.terms);
        machine.bases = vec![(self.state.clone(), Region::State), (out.clone(), Region::Output)];
        machine
    }

    /// The lowest address that a branch goes back to.
    fn loop_head(&self) -> Result<u64, Finding> {
        let routine = self.run.routine;
        let instructions = routine.program.instructions(routine.function);
        let back = instructions.iter().filter(|instruction| {
            (instruction.is_jcc_short_or_near() || instruction.is_jmp_short_or_near())
                && instruction.near_branch_target() <= instruction.ip()
        });
        back.map(iced_x86::Instruction::near_branch_target)
            .min()
            .ok_or_else(|| self.fault(Claim::Loop, "no branch goes back"))
    }

    /// A return from the entry: nothing to make, nothing made.
    fn returned_at_once(&mut self, machine: &Machine) -> Result<(), Finding> {
        let is_none = machine.count.as_ref().is_some_and(|(_, groups)| groups.high == 0);
        if !is_none {
            return Err(self.fault(Claim::Loop, "a return before all groups are made"));
        }
        claims::memory(machine, &[], &[]).map_err(|located| self.finding(located))?;
        self.left_clean(machine)
    }

    /// An arrival at the loop from the entry: at least one group to make, nothing stored.
    fn arrived(&mut self, machine: &Machine, out: &Value, groups: &Value) -> Result<Roles, Finding> {
        let is_some = machine.count.as_ref().is_some_and(|(_, groups)| groups.low > 0);
        if !is_some {
            return Err(self.fault(Claim::Loop, "the loop begins with no group to make"));
        }
        claims::memory(machine, &[KEY, SCRATCH], &[]).map_err(|located| self.finding(located))?;
        self.roles(machine, out, groups)
    }

    fn left_clean(&mut self, machine: &Machine) -> Result<(), Finding> {
        claims::zeroed(&mut self.terms, machine)
            .and_then(|()| claims::registers(&mut self.terms, machine))
            .map_err(|located| self.finding(located))
    }

    fn roles(&self, machine: &Machine, out: &Value, groups: &Value) -> Result<Roles, Finding> {
        let holds = |value: &Value| machine.registers.iter().position(|register| register == value);
        let left = machine.registers.iter().enumerate().find_map(|(number, register)| {
            let Line { factor, constant } = line(&self.terms, groups, register)?;
            (factor > 0 && constant == 0).then_some((number, factor as u64))
        });
        let some = || Some((holds(out)?, holds(&self.state)?, holds(&self.counter)?, left?));
        let (out, state, counter, (left, per_group)) =
            some().ok_or_else(|| self.fault(Claim::Loop, "an argument is in no register at the head of the loop"))?;
        Ok(Roles { out, state, counter, left, per_group })
    }

    /// Every path from the cut with `unit * n` left, for every `n` from 1 on.
    fn induction(&mut self, at_cut: &Machine, roles: &Roles, unit: u64, cut: u64) -> Result<(), Finding> {
        // Vector registers that a pass writes are unknown at the cut, and so are all but the callee's kept registers.
        let mut written = at_cut.written;
        loop {
            let machine = self.at_cut(at_cut, roles, unit, written);
            let (out, units) = (machine.registers[roles.out].clone(), machine.count.clone());
            let ends = self.run.explore(&mut self.terms, machine, cut)?;
            let mut all = written;
            for End::Cut(machine) | End::Return(machine) | End::Tail(machine, _) in &ends {
                all.iter_mut().zip(machine.written).for_each(|(all, written)| *all |= written);
            }
            if all != written {
                written = all;
                continue;
            }
            let count = units.expect("the machine at the cut has a count").0;
            for end in &ends {
                self.pass(end, roles, unit, &out, &count)?;
            }
            self.paths += ends.len();
            let returns = ends.iter().any(|end| matches!(end, End::Return(_)));
            return if returns { Ok(()) } else { Err(self.fault(Claim::Loop, "no path from the loop returns")) };
        }
    }

    /// The machine at the cut, with all that is not claimed about it unknown.
    fn at_cut(&mut self, at_cut: &Machine, roles: &Roles, unit: u64, written: [u8; 32]) -> Machine {
        let out = self.terms.symbol(Symbol::Named("out"), 64, false);
        let units = self.terms.symbol(Symbol::Named("units"), 64, false);
        let mut machine = self.machine(&out);
        for (number, register) in machine.registers.iter_mut().enumerate() {
            if at_cut.registers[number] != *register {
                *register = self.terms.symbol(Symbol::Indexed("unknown", number as u32), 64, false);
            }
        }
        for (number, pieces) in written.into_iter().enumerate() {
            let values: Vec<Value> = machine.vectors[number].lanes(PIECE);
            let unknown = |terms: &mut crate::term::Terms, piece: usize| {
                let words: Vec<Value> = (0..PIECE / 64)
                    .map(|word| {
                        let index = number as u32 * 8 + piece as u32 * 2 + word;
                        terms.symbol(Symbol::Indexed("left over", index), 64, true)
                    })
                    .collect();
                Value::concat(&words)
            };
            let values: Vec<Value> = values
                .into_iter()
                .enumerate()
                .map(|(piece, value)| if pieces & 1 << piece == 0 { value } else { unknown(&mut self.terms, piece) })
                .collect();
            machine.vectors[number] = Value::concat(&values);
        }
        machine.written = written;
        machine.registers[roles.out] = out;
        machine.registers[roles.state] = self.state.clone();
        machine.registers[roles.counter] = self.counter.clone();
        machine.registers[roles.left] = self.terms.multiply(&units, unit);
        machine.count = Some((units, Interval { low: 1, high: MAX_GROUPS * (roles.per_group / unit) }));
        machine
    }

    /// One path from the cut to its end.
    fn pass(&mut self, end: &End, roles: &Roles, unit: u64, out: &Value, units: &Value) -> Result<(), Finding> {
        let (machine, blocks) = match end {
            End::Tail(..) => return Err(self.fault(Claim::Covered, "a jump to another function")),
            End::Return(machine) => {
                let counts = machine.count.as_ref().map(|(_, counts)| *counts);
                let Some(counts) = counts.filter(|counts| counts.low == counts.high) else {
                    return Err(self.fault(Claim::Loop, "the number of blocks left at the return is not known"));
                };
                (machine, self.blocks_of(roles, unit, counts.low)?)
            }
            End::Cut(machine) => {
                let left = line(&self.terms, units, &machine.registers[roles.left]);
                let counts = machine.count.as_ref().map(|(_, counts)| *counts);
                let made = match (left, counts) {
                    (Some(Line { factor, constant }), Some(counts))
                        if factor == unit as i64
                            && constant < 0
                            && constant.unsigned_abs().is_multiple_of(unit)
                            && counts.low > constant.unsigned_abs() / unit =>
                    {
                        constant.unsigned_abs() / unit
                    }
                    _ => {
                        return Err(self.fault(Claim::Loop, "the loop goes on with nothing left, or makes no progress"));
                    }
                };
                let blocks = self.blocks_of(roles, unit, made)?;
                self.at_cut_again(machine, roles, out, blocks)?;
                (machine, blocks)
            }
        };
        let len = blocks * BLOCK_LEN;
        let start = Place { region: Region::Output, offset: 0 };
        claims::memory(machine, &[KEY, SCRATCH], &[SCRATCH, (Region::Output, 0, len as i64)])
            .and_then(|()| claims::output(&self.terms, machine, start, &self.blocks, len))
            .map_err(|located| self.finding(located))?;
        if let End::Return(machine) = end { self.left_clean(machine) } else { Ok(()) }
    }

    /// The blocks in a number of units.
    fn blocks_of(&self, roles: &Roles, unit: u64, units: u64) -> Result<usize, Finding> {
        let blocks = units.checked_mul(unit * GROUP_BLOCKS as u64).filter(|all| all.is_multiple_of(roles.per_group));
        match blocks.map(|all| all / roles.per_group) {
            Some(blocks) if blocks <= self.blocks.len() as u64 => Ok(blocks as usize),
            _ => Err(self.fault(Claim::Loop, format!("a pass makes {units} units, which are no few whole blocks"))),
        }
    }

    /// The registers at the cut after a pass that made `blocks`.
    fn at_cut_again(&mut self, machine: &Machine, roles: &Roles, out: &Value, blocks: usize) -> Result<(), Finding> {
        let wanted = [
            (roles.out, self.terms.add_constant(out, (blocks * BLOCK_LEN) as u64)),
            (roles.state, self.state.clone()),
            (roles.counter, self.terms.add_constant(&self.counter, blocks as u64)),
        ];
        for (number, wanted) in wanted {
            if machine.registers[number] != wanted {
                let (is, wanted) = (self.terms.text(&machine.registers[number]), self.terms.text(&wanted));
                let text = format!("{} after a pass of {blocks} blocks: is {is}, wanted {wanted}", NAMES[number]);
                return Err(self.fault(Claim::Loop, text));
            }
        }
        // Registers that the caller keeps are compared with the entry; the others are unknown at the cut.
        claims::kept(&mut self.terms, machine).map_err(|located| self.finding(located))?;
        Ok(())
    }
}
