// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The meaning of one instruction: exactly of those that the object has, everything else is a fault.

mod condition;
mod integer;
mod operand;
mod shuffle;
mod vector;

pub use condition::Condition;

use crate::fault::{Claim, Fault};
use crate::machine::{Machine, Write};
use crate::program::Program;
use crate::term::Terms;
use iced_x86::{FlowControl, Instruction, Mnemonic};

/// Where a path goes on.
pub enum Next {
    /// The instruction that follows.
    Following,
    /// Another address.
    Jump(u64),
    /// Another address if a condition holds, else the instruction that follows.
    Branch(Condition, u64),
    /// The instruction that follows, after one of two writes.
    Select {
        /// Which one.
        condition: Condition,
        /// The write if the condition holds.
        then: Write,
        /// The write if it does not.
        otherwise: Option<Write>,
    },
    /// Back to the caller.
    Return,
}

/// An instruction at work on a machine.
pub struct Step<'a> {
    /// All terms.
    pub terms: &'a mut Terms,
    /// The program, for constants.
    pub program: &'a Program,
    /// The machine that the instruction changes.
    pub machine: &'a mut Machine,
    /// The instruction.
    pub instruction: &'a Instruction,
}

impl Step<'_> {
    /// Executes the instruction.
    ///
    /// # Errors
    /// The instruction is unknown, or accesses memory that it must not.
    pub fn run(&mut self) -> Result<Next, Fault> {
        match self.instruction.flow_control() {
            FlowControl::Next => {}
            FlowControl::UnconditionalBranch => return Ok(Next::Jump(self.instruction.near_branch_target())),
            FlowControl::ConditionalBranch => {
                let condition = self.condition()?;
                return Ok(Next::Branch(condition, self.instruction.near_branch_target()));
            }
            FlowControl::Return if self.instruction.mnemonic() == Mnemonic::Ret && self.instruction.op_count() == 0 => {
                return Ok(Next::Return);
            }
            _ => return Err(self.unknown()),
        }
        if self.instruction.has_op_mask() || self.instruction.has_lock_prefix() || self.instruction.has_rep_prefix() {
            return Err(self.unknown());
        }
        if self.instruction.mnemonic() == Mnemonic::Nop {
            return Ok(Next::Following);
        }
        if self.is_vector() {
            self.vector()?;
            return Ok(Next::Following);
        }
        self.integer()
    }

    fn unknown(&self) -> Fault {
        Fault::new(Claim::Covered, format!("the evaluator does not know `{}`", self.instruction))
    }
}
