// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The memory that an instruction accesses.

use crate::registers::Registers;
use iced_x86::{Decoder, DecoderOptions, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind};
use std::collections::HashMap;
use std::ops::Range;
use std::slice;

/// Decodes instructions and remembers them.
pub struct Accesses {
    known: HashMap<usize, Instruction>,
    info: InstructionInfoFactory,
}

impl Default for Accesses {
    /// Knows no instruction.
    fn default() -> Self {
        Self { known: HashMap::new(), info: InstructionInfoFactory::new() }
    }
}

impl Accesses {
    /// The accesses of the instruction that is executed next: first address and kind of each memory operand.
    pub fn next(&mut self, registers: &Registers) -> impl Iterator<Item = (usize, OpAccess)> {
        let pc = registers.pc();
        let instruction = *self.known.entry(pc).or_insert_with(|| decode(pc));
        let info = self.info.info(&instruction);
        (0..instruction.op_count()).filter(move |operand| instruction.op_kind(*operand) == OpKind::Memory).filter_map(
            move |operand| {
                let address = instruction.virtual_address(operand, 0, |register, _, _| registers.value(register))?;
                Some((address as usize, info.op_access(operand)))
            },
        )
    }

    /// Whether the next instruction accesses `memory` or enters the kernel, which may write it.
    pub fn touches(&mut self, registers: &Registers, memory: &Range<usize>) -> bool {
        let touches = self.next(registers).any(|(address, _)| memory.contains(&address));
        touches || self.known[&registers.pc()].mnemonic() == Mnemonic::Syscall
    }
}

/// The instruction at an address that is about to be executed.
pub fn decode(pc: usize) -> Instruction {
    /// The longest instruction, in bytes.
    const LONGEST: usize = 15;
    // Past the last instruction of an image its padding follows, up to the end of the page.
    let len = LONGEST.min(vdso_abi::PAGE_SIZE - pc % vdso_abi::PAGE_SIZE);
    // SAFETY: readable, as it is about to be executed, up to the end of its page.
    let bytes = unsafe { slice::from_raw_parts(pc as *const u8, len) };
    Decoder::with_ip(64, bytes, pc as u64, DecoderOptions::NONE).decode()
}
