// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The claims about a small draw: an exported function, for one length and one fill of the batch.
//!
//! A path returns with the draw served, or leaves by a jump to another function with the caller's arguments as they were,
//! for a reason that the table [`reasons`] has. Keys, batches, flags, pointers and generations are symbols.

mod leave;
mod served;
mod sweep;

use crate::fault::{Claim, Fault};
use crate::finding::Finding;
use crate::machine::Machine;
use crate::machine::general_register::{R8, RCX, RDI, RDX, RSI, RSP};
use crate::memory::{Place, Region, WORD, WORD_LEN};
use crate::program::{Program, Subroutine};
use crate::run::{End, Run};
use crate::term::{Symbol, Terms, Value};
pub use leave::{Reason, Target};
use std::collections::{BTreeMap, BTreeSet};
pub use sweep::sweep;
use vdso_abi::routines::CpuFeature;
use vdso_abi::state::BATCH_LEN;

/// Offset of the count in a state, in bytes.
const REMAINING: i64 = WORD + WORD_LEN;

/// Lengths that are served without a call.
pub const LENGTHS: std::ops::RangeInclusive<usize> = 1..=64;

/// Numbers of bytes that a batch can have left.
pub const FILLS: std::ops::RangeInclusive<usize> = 0..=BATCH_LEN;

/// How the paths of one call ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// Paths that served the draw.
    pub served: usize,
    /// Paths that left, by their reason.
    pub left: BTreeMap<Reason, usize>,
}

/// A call of an exported function with its inputs as symbols.
struct Call<'a> {
    terms: Terms,
    run: Run<'a>,
    targets: [(Target, u64); 3],
    /// Registers with the caller's arguments, and what they hold.
    arguments: Vec<(usize, Value)>,
    state: Value,
    len: usize,
    fill: usize,
}

/// Proves the claims about a draw of `len` bytes, one of [`LENGTHS`], from a batch with `fill` bytes, one of [`FILLS`].
///
/// # Errors
/// The first violated claim; the function or one that it ends in is missing.
pub fn prove(program: &Program, name: &str, len: usize, fill: usize) -> Result<Paths, Finding> {
    let missing = |name: &str| Finding {
        routine: name.to_owned(),
        place: None,
        claim: Claim::Covered,
        text: "no symbol has this name".into(),
    };
    let function = program.function(name).ok_or_else(|| missing(name))?;
    let targets = leave::targets(program).map_err(missing)?;
    let routine = Subroutine { program, function, feature: CpuFeature::Sse2 };
    let run = Run { routine, cut: None, tail_calls: true, executed: BTreeSet::new(), deviation: None };
    let mut call = Call::new(run, targets, len, fill);
    let machine = call.machine();
    let ends = call.run.explore(&mut call.terms, machine, function.address)?;
    let mut paths = Paths::default();
    for end in &ends {
        match end {
            End::Return(machine) => {
                call.served(machine)?;
                paths.served += 1;
            }
            End::Tail(machine, address) => *paths.left.entry(call.left(machine, *address)?).or_default() += 1,
            End::Cut(_) => unreachable!("the run has no cut"),
        }
    }
    let is_served = len <= fill;
    if (paths.served > 0) != is_served {
        return Err(call.fault(Claim::Output, format!("{} paths serve a draw of {len} of {fill} bytes", paths.served)));
    }
    Ok(paths)
}

impl<'a> Call<'a> {
    fn new(run: Run<'a>, targets: [(Target, u64); 3], len: usize, fill: usize) -> Self {
        let mut terms = Terms::new();
        let mut named = |name| terms.symbol(Symbol::Named(name), 64, false);
        let (out, flags, state, opaque_len) = (named("out"), named("flags"), named("state"), named("opaque_len"));
        let arguments = vec![
            (RDI, out),
            (RSI, Value::constant(len as u64, 64)),
            (RDX, flags),
            (RCX, state.clone()),
            (R8, opaque_len),
        ];
        Self { terms, run, targets, arguments, state, len, fill }
    }

    /// The machine at the entry.
    fn machine(&mut self) -> Machine {
        let mut machine = Machine::new(&mut self.terms);
        machine.carries_output = true;
        machine.bases = vec![
            (self.arguments[0].1.clone(), Region::Output),
            (self.state.clone(), Region::State),
            (machine.registers[RSP].clone(), Region::Stack),
        ];
        for (number, value) in &self.arguments {
            machine.registers[*number] = value.clone();
        }
        let count = Place { region: Region::State, offset: REMAINING };
        machine.memory.preset(count, &Value::constant(self.fill as u64, 32));
        machine
    }

    fn fault(&self, claim: Claim, text: impl Into<String>) -> Finding {
        self.finding((None, Fault::new(claim, text)))
    }

    fn finding(&self, (instruction, mut fault): crate::claims::Located) -> Finding {
        fault.text = format!("{} bytes of {}: {}", self.len, self.fill, fault.text);
        Finding::new(self.run.routine, instruction, fault)
    }

    /// Word number `number` that the path loaded, from 1 on.
    fn word(&mut self, number: usize) -> Value {
        self.terms.symbol(Symbol::Indexed("word", number as u32), 64, false)
    }

    /// Shared data number `number` that the path loaded, from 1 on: the generation.
    fn generation(&mut self, number: usize) -> Value {
        self.terms.symbol(Symbol::Indexed("shared", number as u32), 64, false)
    }
}

/// The accesses of a path to the word of the state, as their positions among all accesses.
fn word_accesses(machine: &Machine) -> Vec<usize> {
    let accesses = machine.memory.accesses().iter().enumerate();
    let words = accesses.filter(|(_, access)| access.touches(Region::State, WORD, WORD + WORD_LEN));
    words.map(|(at, _)| at).collect()
}
