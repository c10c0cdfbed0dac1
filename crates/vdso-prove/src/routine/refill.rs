// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The claims about a refill: `fn(state, counter, in_use) -> blocks`.

use super::Trial;
use crate::claims;
use crate::fault::Claim;
use crate::finding::Finding;
use crate::machine::Machine;
use crate::machine::general_register::{RAX, RDI, RDX, RSI};
use crate::memory::{Place, Region, WORD, WORD_LEN};
use crate::run::End;
use crate::term::{AtomId, Slice, Symbol, Value};
use foldhash::{HashSet, HashSetExt};
use vdso_abi::state::GROUP_BLOCKS;

/// Key and batch: all that a refill stores to.
const STORED: (Region, i64, i64) = (Region::State, 0, WORD);

/// Key, batch and word: all that it loads from.
const LOADED: (Region, i64, i64) = (Region::State, 0, WORD + WORD_LEN);

impl Trial<'_> {
    pub(super) fn refill(&mut self) -> Result<(), Finding> {
        let tag = self.terms.symbol(Symbol::Named("in_use"), 64, false);
        let mut machine = Machine::new(&mut self.terms);
        machine.registers[RDI] = self.state.clone();
        machine.registers[RSI] = self.counter.clone();
        machine.registers[RDX] = tag.clone();
        machine.bases = vec![(self.state.clone(), Region::State)];
        let entry = self.entry();
        let ends = self.run.explore(&mut self.terms, machine, entry)?;
        let mut results = Vec::new();
        for end in &ends {
            let End::Return(machine) = end else { continue };
            results.push(self.refilled(machine, &tag)?);
        }
        self.paths += ends.len();
        let both = results.contains(&true) && results.contains(&false);
        if both { Ok(()) } else { Err(self.fault(Claim::TagCheck, "the result does not depend on the word")) }
    }

    /// Holds one return against the claims, and tells whether it says that the state was refilled.
    fn refilled(&mut self, machine: &Machine, tag: &Value) -> Result<bool, Finding> {
        let is_full = match machine.registers[RAX].as_constant() {
            Some(0) => false,
            Some(blocks) if blocks == GROUP_BLOCKS as u64 => true,
            _ => {
                let result = self.terms.text(&machine.registers[RAX]);
                return Err(self.fault(Claim::Registers, format!("the result is {result}")));
            }
        };
        let output: HashSet<AtomId> = self.output_atoms();
        let is_output = |value: &Value| {
            value.slices().iter().any(|slice| matches!(slice, Slice::Part { atom, .. } if output.contains(atom)))
        };
        let start = Place { region: Region::State, offset: 0 };
        let len = if is_full { WORD as usize } else { 0 };
        claims::memory(machine, &[LOADED], &[STORED])
            .and_then(|()| claims::key_order(machine))
            .and_then(|()| claims::tag_check(&mut self.terms, machine, tag, is_output))
            .and_then(|()| claims::output(&self.terms, machine, start, &self.blocks, len))
            .and_then(|()| claims::zeroed(&mut self.terms, machine))
            .and_then(|()| claims::registers(&mut self.terms, machine))
            .map_err(|located| self.finding(located))?;
        Ok(is_full)
    }

    /// The words of blocks that are sums with the input: no other value of the cipher is one of them.
    fn output_atoms(&self) -> HashSet<AtomId> {
        let mut atoms = HashSet::new();
        for word in self.blocks.iter().flatten() {
            if let [Slice::Part { atom, low: 0, width }] = word.slices()
                && self.terms.atom(*atom).width() == *width
            {
                atoms.insert(*atom);
            }
        }
        atoms
    }
}
