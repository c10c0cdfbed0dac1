// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Instructions on general registers.

use super::{Condition, Next, Step};
use crate::fault::Fault;
use crate::machine::general_register::{RAX, RSP};
use crate::machine::{Flags, Write};
use crate::term::Value;
use iced_x86::{Mnemonic, OpKind};

/// Bytes that an entry of the stack takes.
const STACK_SLOT: u64 = 8;

impl Step<'_> {
    pub(super) fn integer(&mut self) -> Result<Next, Fault> {
        match self.instruction.mnemonic() {
            Mnemonic::Mov => {
                let value = self.read(1, self.width())?;
                self.write(&value)?;
            }
            Mnemonic::Movzx => {
                let source = self.source_width();
                let (width, value) = (self.width(), self.read(1, source)?);
                self.write(&value.resized(width))?;
            }
            Mnemonic::Lea => {
                let address = self.address()?;
                let width = self.width();
                self.write(&address.resized(width))?;
            }
            Mnemonic::Add | Mnemonic::Sub | Mnemonic::Cmp => self.sum()?,
            Mnemonic::Inc | Mnemonic::Dec => self.step_by_one()?,
            Mnemonic::Xor | Mnemonic::And | Mnemonic::Or | Mnemonic::Test => self.bits()?,
            Mnemonic::Push if !self.is_memory(0) && self.width() == 64 => self.push()?,
            Mnemonic::Pop if !self.is_memory(0) && self.width() == 64 => self.pop()?,
            Mnemonic::Cmpxchg if self.is_memory(0) && self.width() == 64 => return self.compare_and_exchange(),
            Mnemonic::Btr => self.reset_bit()?,
            Mnemonic::Shl | Mnemonic::Shr => self.shift()?,
            Mnemonic::Neg => self.negate()?,
            Mnemonic::Imul => self.product()?,
            Mnemonic::Sete | Mnemonic::Setne => {
                let condition = self.condition()?;
                let bit = if condition.negated { self.terms.not(&condition.bit) } else { condition.bit };
                self.write(&bit.resized(8))?;
            }
            Mnemonic::Cmove
            | Mnemonic::Cmovne
            | Mnemonic::Cmovb
            | Mnemonic::Cmovae
            | Mnemonic::Cmova
            | Mnemonic::Cmovbe => {
                return self.select();
            }
            _ => return Err(self.unknown()),
        }
        Ok(Next::Following)
    }

    /// The width of the first operand, in bits.
    fn width(&self) -> u32 {
        match self.instruction.op_kind(0) {
            OpKind::Register => self.register_width(0),
            _ => self.instruction.memory_size().size() as u32 * 8,
        }
    }

    /// The width of the second operand, in bits.
    fn source_width(&self) -> u32 {
        match self.instruction.op_kind(1) {
            OpKind::Register => self.register_width(1),
            _ => self.instruction.memory_size().size() as u32 * 8,
        }
    }

    /// Writes the first operand.
    fn write(&mut self, value: &Value) -> Result<(), Fault> {
        if self.is_memory(0) { self.store(value) } else { self.write_register(self.instruction.op_register(0), value) }
    }

    fn both(&mut self) -> Result<(Value, Value), Fault> {
        let width = self.width();
        Ok((self.read(0, width)?, self.read(1, width)?))
    }

    fn sum(&mut self) -> Result<(), Fault> {
        let (left, right) = self.both()?;
        let mnemonic = self.instruction.mnemonic();
        let (result, carry, above) = if mnemonic == Mnemonic::Add {
            let result = self.terms.add(&left, &right);
            let carry = self.terms.less(&result, &left);
            (result, carry, None)
        } else {
            let result = self.terms.subtract(&left, &right);
            let above = self.terms.less(&right, &left);
            (result, self.terms.less(&left, &right), Some(above))
        };
        self.machine.flags = Flags { zero: Some(self.terms.is_zero(&result)), carry: Some(carry), above };
        if mnemonic == Mnemonic::Cmp { Ok(()) } else { self.write(&result) }
    }

    /// Neither instruction changes the carry.
    fn step_by_one(&mut self) -> Result<(), Fault> {
        let value = self.read(0, self.width())?;
        let by = if self.instruction.mnemonic() == Mnemonic::Inc { 1 } else { u64::MAX };
        let result = self.terms.add_constant(&value, by);
        self.machine.flags.zero = Some(self.terms.is_zero(&result));
        self.machine.flags.above = None;
        self.write(&result)
    }

    fn bits(&mut self) -> Result<(), Fault> {
        let (left, right) = self.both()?;
        let mnemonic = self.instruction.mnemonic();
        let result = match mnemonic {
            Mnemonic::Xor => self.terms.xor(&left, &right),
            Mnemonic::Or => self.terms.or(&left, &right),
            _ => self.terms.and(&left, &right),
        };
        let zero = self.terms.is_zero(&result);
        self.machine.flags = Flags { zero: Some(zero), carry: Some(Value::zero(1)), above: None };
        if mnemonic == Mnemonic::Test { Ok(()) } else { self.write(&result) }
    }

    fn push(&mut self) -> Result<(), Fault> {
        let value = self.read(0, 64)?;
        let top = self.machine.registers[RSP].clone();
        let top = self.terms.subtract(&top, &Value::constant(STACK_SLOT, 64));
        let place = self.place_at(&top)?;
        self.machine.memory.store(self.instruction.ip(), place, &value);
        self.machine.registers[RSP] = top;
        Ok(())
    }

    fn pop(&mut self) -> Result<(), Fault> {
        let top = self.machine.registers[RSP].clone();
        let place = self.place_at(&top)?;
        let value = self.load_at(place, 64)?;
        self.machine.registers[RSP] = self.terms.add_constant(&top, STACK_SLOT);
        self.write(&value)
    }

    /// The carry is the bit as it was; the zero flag stays.
    fn reset_bit(&mut self) -> Result<(), Fault> {
        let value = self.read(0, self.width())?;
        let bit = self.read(1, 8)?.as_constant().ok_or_else(|| self.unknown())? as u32 % value.width();
        self.machine.flags.carry = Some(value.extract(bit, 1));
        self.machine.flags.above = None;
        let above = value.extract(bit + 1, value.width() - bit - 1);
        self.write(&Value::concat([&value.extract(0, bit), &Value::zero(1), &above]))
    }

    /// By a constant from 1 on that is below the width.
    fn shift(&mut self) -> Result<(), Fault> {
        let value = self.read(0, self.width())?;
        let (width, by) = (value.width(), self.read(1, 8)?.as_constant().ok_or_else(|| self.unknown())? as u32);
        if by == 0 || by >= width {
            return Err(self.unknown());
        }
        let (result, carry) = if self.instruction.mnemonic() == Mnemonic::Shl {
            (Value::concat([&Value::zero(by), &value.extract(0, width - by)]), width - by)
        } else {
            (Value::concat([&value.extract(by, width - by), &Value::zero(by)]), by - 1)
        };
        let zero = self.terms.is_zero(&result);
        self.machine.flags = Flags { zero: Some(zero), carry: Some(value.extract(carry, 1)), above: None };
        self.write(&result)
    }

    fn negate(&mut self) -> Result<(), Fault> {
        let value = self.read(0, self.width())?;
        let result = self.terms.multiply(&value, u64::MAX);
        let zero = self.terms.is_zero(&value);
        let carry = self.terms.not(&zero);
        self.machine.flags = Flags { zero: Some(zero), carry: Some(carry), above: None };
        self.write(&result)
    }

    fn product(&mut self) -> Result<(), Fault> {
        if self.instruction.op_count() != 3 {
            return Err(self.unknown());
        }
        let value = self.read(1, self.width())?;
        let factor = self.read(2, self.width())?.as_constant().ok_or_else(|| self.unknown())?;
        let result = self.terms.multiply(&value, factor);
        self.machine.flags = Flags::default();
        self.write(&result)
    }

    fn select(&mut self) -> Result<Next, Fault> {
        let condition = self.condition()?;
        let width = self.width();
        let value = self.read(1, width)?.resized(64);
        // A 32-bit form clears the upper half whether or not the condition holds.
        let kept = self.read(0, width)?;
        self.write(&kept)?;
        let then = Write::Register(self.instruction.op_register(0).full_register().number(), value);
        Ok(Next::Select { condition, then, otherwise: None })
    }

    /// One load, and a store of the new value or a copy of the found one to rax.
    fn compare_and_exchange(&mut self) -> Result<Next, Fault> {
        let (found, new) = self.both()?;
        let expected = self.machine.registers[RAX].clone();
        let difference = self.terms.subtract(&expected, &found);
        let zero = self.terms.is_zero(&difference);
        let (carry, above) = (self.terms.less(&expected, &found), self.terms.less(&found, &expected));
        self.machine.flags = Flags { zero: Some(zero.clone()), carry: Some(carry), above: Some(above) };
        let then = Write::Memory(self.instruction.ip(), self.place()?, new);
        let condition = Condition { bit: zero, negated: false };
        Ok(Next::Select { condition, then, otherwise: Some(Write::Register(RAX, found)) })
    }
}
