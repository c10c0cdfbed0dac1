// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Conditions of branches and conditional moves.

use super::Step;
use crate::fault::{Claim, Fault};
use crate::term::Value;
use iced_x86::ConditionCode;

/// A one-bit value, or its negation.
#[derive(Clone)]
pub struct Condition {
    /// One bit.
    pub bit: Value,
    /// Whether the condition is that the bit is 0.
    pub negated: bool,
}

impl Step<'_> {
    /// The condition of the instruction, from the flags.
    ///
    /// # Errors
    /// A flag is undefined, or one that the evaluator does not follow.
    pub(super) fn condition(&self) -> Result<Condition, Fault> {
        let flags = &self.machine.flags;
        let (flag, negated) = match self.instruction.condition_code() {
            ConditionCode::e => (&flags.zero, false),
            ConditionCode::ne => (&flags.zero, true),
            ConditionCode::b => (&flags.carry, false),
            ConditionCode::ae => (&flags.carry, true),
            ConditionCode::a => (&flags.above, false),
            ConditionCode::be => (&flags.above, true),
            _ => return Err(self.unknown()),
        };
        let undefined = || Fault::new(Claim::Covered, format!("`{}` depends on an undefined flag", self.instruction));
        Ok(Condition { bit: flag.clone().ok_or_else(undefined)?, negated })
    }
}
