// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The memory accesses of a call, labelled by the part of the state, of the data page or of the buffer that they touch.

use crate::accesses::{decode, value};
use iced_x86::{Code, Instruction, InstructionInfoFactory, OpAccess};
use std::collections::HashMap;
use std::mem::offset_of;
use std::ops::Range;
use vdso_abi::PAGE_SIZE;
use vdso_abi::rng_data::VdsoRngData;
use vdso_abi::state::VgetrandomState;
use vdso_native::Registers;

/// A part of memory that the protocol tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The word of generation and in-use tag.
    Word,
    /// The count of remaining bytes.
    Count,
    /// The key.
    Key,
    /// The batch.
    Batch,
    /// The caller's buffer.
    Output,
    /// The generation in a data page.
    Generation,
    /// `is_ready` in a data page.
    Ready,
    /// `simd` in a data page.
    Simd,
    /// The clock mode in the default data page.
    ClockMode,
    /// A system call that fetches a key.
    Fetch,
    /// A system call that serves the whole request.
    Whole,
}

/// How an instruction touches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It reads.
    Read,
    /// It writes.
    Write,
    /// It reads and writes: nothing can come in between.
    ReadWrite,
}

/// One access of one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The memory that it touches.
    pub part: Part,
    /// How.
    pub kind: Kind,
    /// Position of the instruction among those that the call executes.
    pub position: usize,
    /// Offset of the instruction in the code, in bytes.
    pub offset: usize,
}

/// Collects the accesses of one call, instruction by instruction.
pub struct AccessLog {
    code: Range<usize>,
    state: usize,
    output: Range<usize>,
    /// In the order of execution.
    pub accesses: Vec<Access>,
    /// Instructions seen so far.
    pub executed: usize,
    known: HashMap<usize, Instruction>,
    information: InstructionInfoFactory,
}

impl AccessLog {
    /// A log for a call of `code`, beside its data pages, on the state at `state`, into `output`.
    pub fn new(code: Range<usize>, state: usize, output: Range<usize>) -> Self {
        Self {
            code,
            state,
            output,
            accesses: Vec::new(),
            executed: 0,
            known: HashMap::new(),
            information: InstructionInfoFactory::new(),
        }
    }

    /// Records the accesses of the instruction that is about to be executed. Stack and constants are left out.
    pub fn observe(&mut self, registers: &Registers<'_>) {
        let pc = registers.pc();
        let (position, offset) = (self.executed, pc - self.code.start);
        self.executed += 1;
        let instruction = *self.known.entry(pc).or_insert_with(|| decode(pc));
        if instruction.code() == Code::Syscall {
            let [buffer, ..] = registers.arguments();
            let is_fetch = (self.state..self.state + size_of::<VgetrandomState>()).contains(&buffer);
            let part = if is_fetch { Part::Fetch } else { Part::Whole };
            self.accesses.push(Access { part, kind: Kind::Write, position, offset });
            return;
        }
        let information = self.information.info(&instruction);
        for memory in information.used_memory() {
            let kind = match memory.access() {
                OpAccess::Read | OpAccess::CondRead => Kind::Read,
                OpAccess::Write | OpAccess::CondWrite => Kind::Write,
                OpAccess::ReadWrite | OpAccess::ReadCondWrite => Kind::ReadWrite,
                _ => continue,
            };
            let value = |register, _, _| value(registers, register);
            let Some(address) = memory.virtual_address(0, value) else { continue };
            let len = memory.memory_size().size().max(1);
            let accesses = &mut self.accesses;
            parts(&self.code, self.state, &self.output, address as usize, len, |part| {
                accesses.push(Access { part, kind, position, offset });
            });
        }
    }
}

/// Names each part that an access of `len` bytes at `address` touches.
fn parts(
    code: &Range<usize>,
    state: usize,
    output: &Range<usize>,
    address: usize,
    len: usize,
    mut found: impl FnMut(Part),
) {
    /// Pages with data before an image, at most.
    const DATA_PAGES: usize = 4;
    let fields = [
        (Part::Key, offset_of!(VgetrandomState, key)),
        (Part::Batch, offset_of!(VgetrandomState, batch)),
        (Part::Word, offset_of!(VgetrandomState, word)),
        (Part::Count, offset_of!(VgetrandomState, remaining)),
    ];
    for (at, (part, start)) in fields.iter().enumerate() {
        let end = fields.get(at + 1).map_or(size_of::<VgetrandomState>(), |(_, next)| *next);
        if address < state + end && address + len > state + start {
            found(*part);
        }
    }
    if output.contains(&address) {
        found(Part::Output);
    }
    if (code.start.saturating_sub(DATA_PAGES * PAGE_SIZE)..code.start).contains(&address) {
        found(match (len, address % 16) {
            (8, _) => Part::Generation,
            (1, at) if at == offset_of!(VdsoRngData, is_ready) => Part::Ready,
            (1, _) => Part::Simd,
            _ => Part::ClockMode,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts_of(address: usize, len: usize) -> Vec<Part> {
        let mut list = Vec::new();
        parts(&(0x10_0000..0x10_1000), 0x20_0000, &(0x30_0000..0x30_0040), address, len, |part| list.push(part));
        list
    }

    #[test]
    fn parts_are_told_apart_by_address_and_length() {
        assert_eq!(parts_of(0x20_0000, 32), [Part::Key]);
        assert_eq!(parts_of(0x20_0010, 32), [Part::Key, Part::Batch]);
        let word = 0x20_0000 + offset_of!(VgetrandomState, word);
        assert_eq!(parts_of(word - 16, 16), [Part::Batch]);
        assert_eq!(parts_of(word, 8), [Part::Word]);
        assert_eq!(parts_of(word + 8, 4), [Part::Count]);
        assert_eq!(parts_of(0x20_0000 + size_of::<VgetrandomState>(), 8), []);
        assert_eq!(parts_of(0x30_003f, 1), [Part::Output]);
        assert_eq!(parts_of(0x30_0040, 1), []);
        assert_eq!(parts_of(0xf_c280, 8), [Part::Generation]);
        assert_eq!(parts_of(0xf_c288, 1), [Part::Ready]);
        assert_eq!(parts_of(0xf_c289, 1), [Part::Simd]);
        assert_eq!(parts_of(0xf_c004, 4), [Part::ClockMode]);
        assert_eq!(parts_of(0x10_0000, 8), []);
    }
}
