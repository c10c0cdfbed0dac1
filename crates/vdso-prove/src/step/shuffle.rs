// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Instructions that only move bits between the lanes of vector registers.

use super::Step;
use crate::fault::{Claim, Fault};
use crate::term::Value;
use iced_x86::Mnemonic;

/// Bits that most shuffles stay within.
const BLOCK: u32 = 128;

/// One block of 128 bits of each source to one block of the result.
type OfBlocks<'a> = &'a dyn Fn(&Value, &Value) -> Vec<Value>;

impl Step<'_> {
    pub(super) fn shuffle(&mut self) -> Result<(), Fault> {
        match self.instruction.mnemonic() {
            Mnemonic::Pshufd => self.reorder(&|block, by| (0..4).map(|to| pick(block, 32, by >> (2 * to))).collect()),
            Mnemonic::Pshuflw => self.reorder(&|block, by| halfwords(block, by, 0)),
            Mnemonic::Pshufhw => self.reorder(&|block, by| halfwords(block, by, 4)),
            Mnemonic::Shufps | Mnemonic::Vshufps => {
                let operand = if self.is_legacy() { 2 } else { 3 };
                let by = self.immediate(operand)?;
                self.by_blocks(&|left, right| {
                    (0..4).map(|to| pick(if to < 2 { left } else { right }, 32, by >> (2 * to))).collect()
                })
            }
            Mnemonic::Punpckldq | Mnemonic::Vpunpckldq => {
                self.by_blocks(&|left, right| interleaved(left, right, 32, 0))
            }
            Mnemonic::Punpckhdq | Mnemonic::Vpunpckhdq => {
                self.by_blocks(&|left, right| interleaved(left, right, 32, 2))
            }
            Mnemonic::Punpcklqdq | Mnemonic::Vpunpcklqdq => {
                self.by_blocks(&|left, right| interleaved(left, right, 64, 0))
            }
            Mnemonic::Punpckhqdq | Mnemonic::Vpunpckhqdq => {
                self.by_blocks(&|left, right| interleaved(left, right, 64, 1))
            }
            Mnemonic::Vpshufb => self.bytes(),
            Mnemonic::Vperm2i128 => self.blocks(),
            _ => Err(self.unknown()),
        }
    }

    /// A shuffle of one source by a constant.
    fn reorder(&mut self, of_block: &dyn Fn(&Value, u32) -> Vec<Value>) -> Result<(), Fault> {
        if self.is_legacy() && self.is_memory(1) {
            self.require_alignment()?;
        }
        let value = self.read(1, self.vector_width())?;
        let by = self.immediate(2)?;
        let blocks: Vec<Value> = value.lanes(BLOCK).iter().flat_map(|block| of_block(block, by)).collect();
        self.write_vector(0, &Value::concat(&blocks));
        Ok(())
    }

    /// A shuffle of two sources within blocks of 128 bits.
    fn by_blocks(&mut self, of_blocks: OfBlocks<'_>) -> Result<(), Fault> {
        let (left, right, _) = self.sources()?;
        let pairs = left.lanes(BLOCK).into_iter().zip(right.lanes(BLOCK));
        let blocks: Vec<Value> = pairs.flat_map(|(left, right)| of_blocks(&left, &right)).collect();
        self.write_vector(0, &Value::concat(&blocks));
        Ok(())
    }

    /// Bytes of the first source in the order that the second one says, within blocks of 128 bits.
    fn bytes(&mut self) -> Result<(), Fault> {
        let (source, order, _) = self.sources()?;
        let Some(order) = order.lanes(8).iter().map(Value::as_constant).collect::<Option<Vec<u64>>>() else {
            return Err(Fault::new(Claim::Covered, "the order of a byte shuffle is not constant"));
        };
        let bytes: Vec<Value> = order
            .iter()
            .enumerate()
            .map(|(at, from)| match from {
                from if from & 0x80 != 0 => Value::zero(8),
                from => source.extract((at as u32 / 16 * 16 + (*from as u32 & 15)) * 8, 8),
            })
            .collect();
        self.write_vector(0, &Value::concat(&bytes));
        Ok(())
    }

    /// Two of the four blocks of both sources, or zeros.
    fn blocks(&mut self) -> Result<(), Fault> {
        let (left, right, constant) = self.sources()?;
        let by = self.immediate(constant)?;
        let all = Value::concat([&left, &right]);
        let block = |by: u32| if by & 8 != 0 { Value::zero(BLOCK) } else { all.extract((by & 3) * BLOCK, BLOCK) };
        self.write_vector(0, &Value::concat([&block(by), &block(by >> 4)]));
        Ok(())
    }
}

/// The lane of `width` bits that the two low bits of `index` name.
fn pick(block: &Value, width: u32, index: u32) -> Value {
    block.extract((index & 3) * width, width)
}

/// Four halfwords from halfword `first` on in the order that `by` says, the others as they are.
fn halfwords(block: &Value, by: u32, first: u32) -> Vec<Value> {
    let half = block.extract(first * 16, 64);
    let moved = (0..4).map(|to| pick(&half, 16, by >> (2 * to)));
    let other = block.extract(if first == 0 { 64 } else { 0 }, 64);
    if first == 0 { moved.chain([other]).collect() } else { [other].into_iter().chain(moved).collect() }
}

/// Lanes from lane `first` on of two blocks in turns, as many as fill a block.
fn interleaved(left: &Value, right: &Value, width: u32, first: u32) -> Vec<Value> {
    let lanes = first..first + BLOCK / width / 2;
    lanes.flat_map(|lane| [left, right].map(|block| block.extract(lane * width, width))).collect()
}
