// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The memory that an instruction accesses.

use iced_x86::{Decoder, DecoderOptions, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind, Register};
use std::collections::HashMap;
use std::ops::Range;
use std::slice;
use vdso_native::Registers;

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
                let address = instruction.virtual_address(operand, 0, |register, _, _| value(registers, register))?;
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

/// The value of a 64-bit general register, or the base of a segment that has none in 64-bit code; `None` for any other.
pub(crate) fn value(registers: &Registers<'_>, register: Register) -> Option<u64> {
    if matches!(register, Register::ES | Register::CS | Register::SS | Register::DS) {
        return Some(0);
    }
    Some(registers.get(match register {
        Register::RAX => libc::REG_RAX,
        Register::RBX => libc::REG_RBX,
        Register::RCX => libc::REG_RCX,
        Register::RDX => libc::REG_RDX,
        Register::RSI => libc::REG_RSI,
        Register::RDI => libc::REG_RDI,
        Register::RBP => libc::REG_RBP,
        Register::RSP => libc::REG_RSP,
        Register::R8 => libc::REG_R8,
        Register::R9 => libc::REG_R9,
        Register::R10 => libc::REG_R10,
        Register::R11 => libc::REG_R11,
        Register::R12 => libc::REG_R12,
        Register::R13 => libc::REG_R13,
        Register::R14 => libc::REG_R14,
        Register::R15 => libc::REG_R15,
        _ => return None,
    }))
}
