// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A call that leaves the hot path by a jump: the reason, the function that it jumps to, and what it has done before.

use super::{Call, REMAINING};
use crate::claims;
use crate::fault::{Claim, Fault};
use crate::finding::Finding;
use crate::machine::Machine;
use crate::machine::general_register::NAMES;
use crate::memory::{Region, WORD};
use crate::program::Program;
use crate::term::Value;
use vdso_abi::PAGE_SIZE;
use vdso_abi::flags::GRND_MAX_VALID;
use vdso_abi::state::STATE_LEN;

/// A function that a call ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// The passes of a call that takes more than the hot path does.
    Serve,
    /// Those of a call that was interrupted.
    ServeAgain,
    /// The system call.
    SystemCall,
}

/// Why a call leaves the hot path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The length of the state is not ours (E3).
    OtherLength,
    /// A flag is unknown (E4).
    BadFlags,
    /// There is no state (E9).
    NoState,
    /// The state straddles a page (E3).
    Straddles,
    /// The generation is 0 (K1).
    NoGeneration,
    /// The word says neither idle nor this generation.
    NoMatch,
    /// The state was taken between the comparison and the take (R4).
    NotIdle,
    /// The batch has fewer bytes than wanted.
    TooFew,
    /// The generation moved during the draw (K5).
    Moved,
    /// The tag is gone: the state was wiped (R2).
    Wiped,
}

impl Reason {
    /// The function that a call with this reason ends in.
    fn target(self) -> Target {
        match self {
            Self::OtherLength | Self::BadFlags | Self::NoState | Self::Straddles | Self::NotIdle => Target::SystemCall,
            Self::NoGeneration | Self::NoMatch | Self::TooFew => Target::Serve,
            Self::Moved | Self::Wiped => Target::ServeAgain,
        }
    }
}

/// The functions that calls end in, by the names of their symbols.
///
/// # Errors
/// The name of one that no symbol has.
pub(super) fn targets(program: &Program) -> Result<[(Target, u64); 3], &'static str> {
    let find = |target, name: &'static str| {
        let mut functions = program.functions.iter();
        let found = functions.find(|function| function.name.contains(name));
        found.map(|function| (target, function.address)).ok_or(name)
    };
    Ok([
        find(Target::Serve, "9getrandom5serve17")?,
        find(Target::ServeAgain, "9getrandom11serve_again17")?,
        find(Target::SystemCall, "7syscall9getrandom17")?,
    ])
}

impl Call<'_> {
    /// Holds one such path against the claims.
    pub(super) fn left(&mut self, machine: &Machine, address: u64) -> Result<Reason, Finding> {
        let target = self.targets.iter().find(|(_, start)| *start == address).map(|(target, _)| *target);
        let reason = self.reason(machine, target)?;
        if target != Some(reason.target()) {
            return Err(self.fault(Claim::Loop, format!("the call leaves because of {reason:?} to {target:?}")));
        }
        for (number, argument) in &self.arguments[..4] {
            if machine.registers[*number] != *argument {
                return Err(
                    self.fault(Claim::Registers, format!("{} is no more the caller's argument", NAMES[*number]))
                );
            }
        }
        claims::kept(&mut self.terms, machine).map_err(|located| self.finding(located))?;
        claims::zeroed(&mut self.terms, machine).map_err(|located| self.finding(located))?;
        self.touched(machine, reason)?;
        Ok(reason)
    }

    /// The reason that the assumptions of a path give.
    fn reason(&mut self, machine: &Machine, target: Option<Target>) -> Result<Reason, Finding> {
        for (reason, bit, holds) in self.reasons() {
            if machine.assumed(&bit) == Some(holds) {
                return Ok(reason);
            }
        }
        if self.len > self.fill && target == Some(Target::Serve) {
            return Ok(Reason::TooFew);
        }
        Err(self.fault(Claim::Loop, format!("the call leaves to {target:?} without a reason")))
    }

    /// Each reason but the count of the batch, as the one-bit condition that tells it.
    pub(super) fn reasons(&mut self) -> Vec<(Reason, Value, bool)> {
        let (flags, length) = (self.arguments[2].1.extract(0, 32), self.arguments[4].1.clone());
        let (generation, later) = (self.generation(1), self.generation(2));
        // The word is loaded for the comparison, by the take, and for the check at the end.
        let [first, taken, last] = [1, 2, 3].map(|number| self.word(number));
        let offset = self.state.extract(0, PAGE_SIZE.trailing_zeros()).resized(32);
        let terms = &mut self.terms;
        let tag = terms.multiply(&generation, 2);
        let idle = terms.add_constant(&tag, 1);
        let mut equal = |left: &Value, right: &Value| {
            let difference = terms.subtract(left, right);
            terms.is_zero(&difference)
        };
        let (ours, probe) =
            (equal(&length, &Value::constant(STATE_LEN as u64, 64)), equal(&length, &Value::constant(u64::MAX, 64)));
        let matches = equal(&first, &idle);
        let (same, mine) = (equal(&later, &generation), equal(&last, &tag));
        vec![
            (Reason::OtherLength, ours, false),
            (Reason::OtherLength, probe, true),
            (Reason::BadFlags, terms.less(&Value::constant(u64::from(GRND_MAX_VALID), 32), &flags), true),
            (Reason::NoState, terms.is_zero(&self.state), true),
            (Reason::Straddles, terms.less(&Value::constant((PAGE_SIZE - STATE_LEN) as u64, 32), &offset), true),
            (Reason::NoGeneration, terms.is_zero(&generation), true),
            (Reason::NoMatch, matches, false),
            (Reason::NotIdle, taken.extract(0, 1), false),
            (Reason::Moved, same, false),
            (Reason::Wiped, mine, false),
        ]
    }

    /// A call that leaves before the take has stored nothing but on the stack; one that finds too few bytes has taken and
    /// released the state; an interrupted one has touched what a served draw touches, and has not released the state.
    fn touched(&self, machine: &Machine, reason: Reason) -> Result<(), Finding> {
        let accesses = machine.memory.accesses();
        let stores = || accesses.iter().filter(|access| access.stored.is_some());
        let words = stores().filter(|access| access.touches(Region::State, WORD, REMAINING)).count();
        let others = stores().filter(|access| !access.touches(Region::State, WORD, REMAINING));
        let bytes = others.filter(|access| access.place.region != Region::Stack).count();
        if matches!(reason, Reason::Moved | Reason::Wiped) {
            self.touches_its_own(machine)?;
        }
        let is_right = match reason {
            Reason::TooFew => words == 2 && bytes == 0,
            Reason::Moved | Reason::Wiped => words == 1,
            Reason::NotIdle => words == 1 && bytes == 0,
            _ => words == 0 && bytes == 0,
        };
        let text =
            format!("a call that leaves because of {reason:?} has stored {words} words and {bytes} other values");
        if is_right { Ok(()) } else { Err(self.finding((None, Fault::new(Claim::Memory, text)))) }
    }
}
