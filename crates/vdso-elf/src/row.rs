// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One row of an unwind table.

use gimli::{CfaRule, RegisterRule, UnwindTableRow, X86_64};
use std::fmt;
use std::ops::Range;

/// How to unwind from a range of instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Offsets in the section that the frame describes, in bytes.
    pub range: Range<u64>,
    /// Register (DWARF number) and offset that give the CFA; `None` for an expression.
    pub cfa: Option<(u16, i64)>,
    /// The rules of registers, by DWARF number.
    pub registers: Vec<(u16, RegisterRule<usize>)>,
}

impl Row {
    /// A row of a table, with addresses from `base` on.
    pub fn of(row: &UnwindTableRow<usize>, base: u64) -> Self {
        Self {
            range: row.start_address().wrapping_sub(base)..row.end_address().wrapping_sub(base),
            cfa: match row.cfa() {
                CfaRule::RegisterAndOffset { register, offset } => Some((register.0, *offset)),
                CfaRule::Expression(_) => None,
            },
            registers: registers(row),
        }
    }

    /// The same for code that lies at `base`.
    pub fn moved(&self, base: u64) -> Self {
        let range = base.wrapping_add(self.range.start)..base.wrapping_add(self.range.end);
        Self { range, ..self.clone() }
    }

    /// The rule of a register by its DWARF number; `None` says that the register still has the caller's value.
    pub fn register(&self, number: u16) -> Option<&RegisterRule<usize>> {
        self.registers.iter().find(|(register, _)| *register == number).map(|(_, rule)| rule)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}..{:#x}: ", self.range.start, self.range.end)?;
        let name = |number| X86_64::register_name(gimli::Register(number)).unwrap_or("?");
        match self.cfa {
            Some((register, offset)) => write!(f, "CFA={}{offset:+}", name(register))?,
            None => write!(f, "CFA by an expression")?,
        }
        self.registers.iter().try_for_each(|(register, rule)| match rule {
            RegisterRule::Offset(offset) => write!(f, ", {} at CFA{offset:+}", name(*register)),
            rule => write!(f, ", {} {rule:?}", name(*register)),
        })
    }
}

/// The rules of the registers that code may save, and of the return address, which is the last of them; an unwind table can
/// speak of many more.
fn registers(row: &UnwindTableRow<usize>) -> Vec<(u16, RegisterRule<usize>)> {
    let known = row.registers().filter(|(register, _)| *register <= X86_64::RA);
    known.map(|(register, rule)| (register.0, rule.clone())).collect()
}
