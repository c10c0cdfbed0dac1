// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Instructions on vector registers: moves, additions, bitwise operations and shifts.

use super::Step;
use crate::fault::Fault;
use crate::machine::VECTOR_WIDTH;
use crate::term::{Terms, Value};
use iced_x86::{Mnemonic, OpKind, Register};

/// Lanes in which bitwise operations on whole registers are followed: the words of the cipher.
const WORD: u32 = 32;

impl Step<'_> {
    /// Whether the instruction works on vector registers.
    pub(super) fn is_vector(&self) -> bool {
        let has_register = |operand| self.instruction.op_register(operand).is_vector_register();
        self.instruction.mnemonic() == Mnemonic::Vzeroall
            || (0..self.instruction.op_count())
                .any(|operand| self.instruction.op_kind(operand) == OpKind::Register && has_register(operand))
    }

    pub(super) fn vector(&mut self) -> Result<(), Fault> {
        match self.instruction.mnemonic() {
            Mnemonic::Vzeroall => {
                (0..16).for_each(|number| self.machine.write_vector(number, &Value::zero(VECTOR_WIDTH), false));
                Ok(())
            }
            Mnemonic::Movdqa
            | Mnemonic::Movdqu
            | Mnemonic::Movups
            | Mnemonic::Vmovdqu
            | Mnemonic::Vmovdqu32
            | Mnemonic::Vmovdqa32 => self.move_whole(),
            Mnemonic::Movd | Mnemonic::Movq | Mnemonic::Vmovd | Mnemonic::Vmovq => self.move_scalar(),
            Mnemonic::Vpbroadcastd => self.broadcast(32),
            Mnemonic::Vpbroadcastq => self.broadcast(64),
            Mnemonic::Paddd | Mnemonic::Vpaddd => self.lane_by_lane(32, Terms::add),
            Mnemonic::Paddq | Mnemonic::Vpaddq => self.lane_by_lane(64, Terms::add),
            Mnemonic::Pxor | Mnemonic::Xorps | Mnemonic::Vpxor | Mnemonic::Vpxord => {
                self.lane_by_lane(WORD, Terms::xor)
            }
            Mnemonic::Por | Mnemonic::Vpor => self.lane_by_lane(WORD, Terms::or),
            Mnemonic::Pslld | Mnemonic::Vpslld => self.each_lane(|lane, by| shifted(lane, i64::from(by))),
            Mnemonic::Psrld | Mnemonic::Vpsrld => self.each_lane(|lane, by| shifted(lane, -i64::from(by))),
            Mnemonic::Vprold => self.each_lane(|lane, by| {
                let by = by % WORD;
                Value::concat([&lane.extract(WORD - by, by), &lane.extract(0, WORD - by)])
            }),
            _ => self.shuffle(),
        }
    }

    /// The width of the vector that the instruction writes, in bits.
    pub(super) fn vector_width(&self) -> u32 {
        self.register_width(0)
    }

    /// The two vectors that an instruction combines, and the number of the operand after them.
    pub(super) fn sources(&mut self) -> Result<(Value, Value, u32), Fault> {
        let (first, second) = if self.is_legacy() { (0, 1) } else { (1, 2) };
        let width = self.vector_width();
        if self.is_legacy() && self.is_memory(second) {
            self.require_alignment()?;
        }
        Ok((self.read(first, width)?, self.read(second, width)?, second + 1))
    }

    /// A constant operand of 8 bits.
    pub(super) fn immediate(&mut self, operand: u32) -> Result<u32, Fault> {
        let constant = self.read(operand, 8)?.as_constant();
        constant.map(|bits| bits as u32).ok_or_else(|| self.unknown())
    }

    fn move_whole(&mut self) -> Result<(), Fault> {
        if self.is_memory(0) {
            let width = self.register_width(1);
            let value = self.read(1, width)?;
            return self.store(&value);
        }
        let needs_alignment = matches!(self.instruction.mnemonic(), Mnemonic::Movdqa | Mnemonic::Vmovdqa32);
        if needs_alignment && self.is_memory(1) {
            return Err(self.unknown());
        }
        let value = self.read(1, self.vector_width())?;
        self.write_vector(0, &value);
        Ok(())
    }

    /// Between a vector register and a general register or memory: the bits above become zero.
    fn move_scalar(&mut self) -> Result<(), Fault> {
        let width = match self.instruction.mnemonic() {
            Mnemonic::Movd | Mnemonic::Vmovd => 32,
            _ => 64,
        };
        let target = self.instruction.op_register(0);
        if self.is_memory(0) {
            let value = self.read(1, width)?;
            return self.store(&value);
        }
        let value = self.read(1, width)?;
        if target.is_vector_register() {
            self.write_vector(0, &value.resized(128));
            return Ok(());
        }
        self.write_register(target, &value)
    }

    fn broadcast(&mut self, element: u32) -> Result<(), Fault> {
        let value = self.read(1, element)?;
        let width = self.vector_width();
        self.write_vector(0, &Value::concat(vec![&value; (width / element) as usize]));
        Ok(())
    }

    fn lane_by_lane(
        &mut self,
        lane: u32,
        operation: impl Fn(&mut Terms, &Value, &Value) -> Value,
    ) -> Result<(), Fault> {
        let (left, right, _) = self.sources()?;
        let pairs = left.lanes(lane).into_iter().zip(right.lanes(lane));
        let result: Vec<Value> = pairs.map(|(left, right)| operation(self.terms, &left, &right)).collect();
        self.write_vector(0, &Value::concat(&result));
        Ok(())
    }

    /// One source and a constant: a shift or a rotation of each word.
    fn each_lane(&mut self, operation: impl Fn(&Value, u32) -> Value) -> Result<(), Fault> {
        let (source, constant) = if self.is_legacy() { (0, 1) } else { (1, 2) };
        if self.instruction.op_kind(constant) != OpKind::Immediate8 || self.instruction.op_register(0) == Register::None
        {
            return Err(self.unknown());
        }
        let value = self.read(source, self.vector_width())?;
        let by = self.immediate(constant)?;
        let result: Vec<Value> = value.lanes(WORD).iter().map(|lane| operation(lane, by)).collect();
        self.write_vector(0, &Value::concat(&result));
        Ok(())
    }
}

/// A word shifted to higher bits, or to lower ones where `by` is negative.
fn shifted(lane: &Value, by: i64) -> Value {
    let bits = by.unsigned_abs().min(u64::from(WORD)) as u32;
    if by >= 0 {
        Value::concat([&Value::zero(bits), &lane.extract(0, WORD - bits)])
    } else {
        Value::concat([&lane.extract(bits, WORD - bits), &Value::zero(bits)])
    }
}
