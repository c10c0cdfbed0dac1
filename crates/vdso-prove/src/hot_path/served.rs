// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A draw that was served.

use super::{Call, REMAINING, Reason, word_accesses};
use crate::claims;
use crate::fault::{Claim, Fault};
use crate::finding::Finding;
use crate::machine::Machine;
use crate::machine::general_register::{NAMES, RAX};
use crate::memory::{Access, Place, Region};
use crate::term::{Symbol, Terms, Value};
use vdso_abi::state::KEY_LEN;

/// The exported function that takes the length of a state.
const PROBED: &str = "__vdso_getrandom";

/// Loads right before the release that check the draw: of the generation and of the word.
const FINAL_CHECKS: usize = 2;

impl Call<'_> {
    pub(super) fn served(&mut self, machine: &Machine) -> Result<(), Finding> {
        if machine.registers[RAX].as_constant() != Some(self.len as u64) {
            let result = self.terms.text(&machine.registers[RAX]);
            return Err(self.fault(Claim::Registers, format!("the result is {result}")));
        }
        let (out, from) = (Place { region: Region::Output, offset: 0 }, self.first());
        for at in 0..self.len as i64 {
            let wanted = batch_byte(&mut self.terms, from + at);
            let copied = machine.memory.stored(Place { offset: at, ..out }, 8);
            if copied.as_ref() != Some(&wanted) {
                let is = copied.map_or("not stored".into(), |copied| self.terms.text(&copied));
                let text = format!("byte {at} of the output: is {is}, wanted {}", self.terms.text(&wanted));
                return Err(self.fault(Claim::Output, text));
            }
            let left = machine.memory.stored(Place { region: Region::State, offset: from + at }, 8);
            if !left.is_some_and(|left| left.is_zero()) {
                return Err(self.fault(Claim::Output, format!("byte {at} stays in the batch")));
            }
        }
        let count = machine.memory.stored(Place { region: Region::State, offset: REMAINING }, 32);
        if count.and_then(|count| count.as_constant()) != Some((self.fill - self.len) as u64) {
            return Err(self.fault(Claim::Output, "the count of bytes left is wrong"));
        }
        self.excludes_every_reason(machine)?;
        self.takes_and_releases(machine)?;
        self.touches_its_own(machine)?;
        claims::zeroed(&mut self.terms, machine).map_err(|located| self.finding(located))?;
        self.keeps_registers(machine)
    }

    /// Offset of the first byte that is handed out, in the state.
    fn first(&self) -> i64 {
        (KEY_LEN + self.fill - self.len) as i64
    }

    /// The path has found each condition false for which a call must leave. The function with four arguments has no length
    /// of the state.
    fn excludes_every_reason(&mut self, machine: &Machine) -> Result<(), Finding> {
        let has_length = self.run.routine.function.name == PROBED;
        for (reason, bit, holds) in self.reasons() {
            if (has_length || reason != Reason::OtherLength) && machine.assumed(&bit) != Some(!holds) {
                return Err(self.fault(Claim::TagCheck, format!("a draw is served without a check for {reason:?}")));
            }
        }
        Ok(())
    }

    /// One instruction takes the state and one releases it; state and buffer are used between them only, and not after the
    /// checks of generation and tag.
    fn takes_and_releases(&mut self, machine: &Machine) -> Result<(), Finding> {
        let accesses = machine.memory.accesses();
        let words = word_accesses(machine);
        let stores: Vec<usize> = words.iter().copied().filter(|at| accesses[*at].stored.is_some()).collect();
        let [take, release] = stores[..] else {
            return Err(self.fault(Claim::TagCheck, format!("{} stores to the word, wanted 2", stores.len())));
        };
        for (at, bit) in [(take, 0), (release, 1)] {
            let number = words.iter().filter(|word| **word <= at && accesses[**word].stored.is_none()).count();
            let loaded = self.word(number);
            let wanted = Value::concat([&Value::constant(bit, 1), &loaded.extract(1, 63)]);
            let is_one = at > 0 && accesses[at - 1].instruction == accesses[at].instruction;
            if !is_one || accesses[at].stored.as_ref() != Some(&wanted) {
                let fault = Fault::new(Claim::TagCheck, "the word does not change by one instruction and one bit");
                return Err(self.finding((Some(accesses[at].instruction), fault)));
            }
        }
        let checks = (0..release).rev().skip(1).take_while(|at| accesses[*at].stored.is_none());
        let is_checked_last =
            checks.filter(|at| words.contains(at) || accesses[*at].place.region == Region::Shared).count();
        if is_checked_last != FINAL_CHECKS {
            return Err(self.fault(Claim::TagCheck, "a store follows the check of the generation or of the tag"));
        }
        let uses = |access: &Access| matches!(access.place.region, Region::State | Region::Output);
        let is_word = |at: usize| words.contains(&at);
        let early = (0..take).find(|at| uses(&accesses[*at]) && !is_word(*at));
        let late = (release + 1..accesses.len()).find(|at| uses(&accesses[*at]));
        match early.or(late) {
            None => Ok(()),
            Some(at) => {
                let fault = Fault::new(Claim::TagCheck, "state or buffer are used while the state is not taken");
                Err(self.finding((Some(accesses[at].instruction), fault)))
            }
        }
    }

    /// Stores go to the output, the bytes that are handed out, the count, the word and the stack.
    pub(super) fn touches_its_own(&self, machine: &Machine) -> Result<(), Finding> {
        let (first, len) = (self.first(), self.len as i64);
        let handed_out = (Region::State, first, first + len);
        let count = (Region::State, REMAINING, REMAINING + 4);
        let word = (Region::State, crate::memory::WORD, REMAINING);
        let stack = (Region::Stack, i64::MIN, 0);
        let shared = (Region::Shared, i64::MIN, i64::MAX);
        claims::memory(
            machine,
            &[handed_out, count, word, stack, shared],
            &[(Region::Output, 0, len), handed_out, count, word, stack],
        )
        .map_err(|located| self.finding(located))
    }

    /// Kept registers are as they were; others, and the stack, hold no secret but bytes that the caller has now.
    fn keeps_registers(&mut self, machine: &Machine) -> Result<(), Finding> {
        claims::kept(&mut self.terms, machine).map_err(|located| self.finding(located))?;
        let handed_out = self.first()..self.first() + self.len as i64;
        let output: Vec<Value> = handed_out.map(|at| batch_byte(&mut self.terms, at)).collect();
        let is_clean = |terms: &Terms, value: &Value| {
            value.lanes(8).iter().all(|byte| !terms.is_secret(byte) || output.contains(byte))
        };
        if let Some(number) = (0..16).find(|number| !is_clean(&self.terms, &machine.registers[*number])) {
            return Err(self.fault(Claim::Secrets, format!("a secret stays in {}", NAMES[number])));
        }
        let on_stack = machine.memory.accesses().iter().find(|access| {
            access.place.region == Region::Stack
                && access.stored.as_ref().is_some_and(|value| self.terms.is_secret(value))
        });
        match on_stack {
            None => Ok(()),
            Some(access) => {
                Err(self
                    .finding((Some(access.instruction), Fault::new(Claim::Secrets, "a secret is stored on the stack"))))
            }
        }
    }
}

/// A byte of the batch as it was at the entry, by its offset in the state.
fn batch_byte(terms: &mut Terms, offset: i64) -> Value {
    let word = terms.symbol(Symbol::Indexed("batch", offset as u32 / 4), 32, true);
    word.extract(offset as u32 % 4 * 8, 8)
}
