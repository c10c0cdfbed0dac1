// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The processor as a path of the routine sees it.

use crate::count::Interval;
use crate::memory::{Memory, Place, Region};
use crate::term::{Symbol, Terms, Value};

/// Bits of a vector register that are tracked: a zmm register.
pub const VECTOR_WIDTH: u32 = 512;

/// Bits of the pieces in which writes of vector registers are recorded.
pub const PIECE: u32 = 128;

/// Numbers of general registers in the instruction set.
pub mod general_register {
    /// Result of a function.
    pub const RAX: usize = 0;
    /// Fourth argument (System V ABI).
    pub const RCX: usize = 1;
    /// Third argument.
    pub const RDX: usize = 2;
    /// Second argument.
    pub const RSI: usize = 6;
    /// The stack pointer.
    pub const RSP: usize = 4;
    /// First argument.
    pub const RDI: usize = 7;
    /// Fifth argument.
    pub const R8: usize = 8;
    /// Those that a function must leave as they are: rbx, rsp, rbp and r12 to r15.
    pub const KEPT: [usize; 7] = [3, 4, 5, 12, 13, 14, 15];
    /// Names by number.
    pub const NAMES: [&str; 16] =
        ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];
}

/// Flags after an instruction; `None` where it leaves one undefined or the evaluator does not follow it.
#[derive(Clone, Default)]
pub struct Flags {
    /// Whether the result is zero.
    pub zero: Option<Value>,
    /// Whether a subtraction borrowed or an addition carried.
    pub carry: Option<Value>,
    /// Whether the right operand of a comparison is below the left one, both without a sign.
    pub above: Option<Value>,
}

/// A condition that the path has assumed.
#[derive(Clone)]
pub struct Assumption {
    /// One bit.
    pub bit: Value,
    /// Whether the path assumes that it holds.
    pub holds: bool,
    /// Accesses to memory before it.
    pub after: usize,
}

/// A write that depends on a condition.
pub enum Write {
    /// To a general register.
    Register(usize, Value),
    /// By the instruction at an address, to memory.
    Memory(u64, Place, Value),
}

/// Registers, memory and assumptions of one path.
#[derive(Clone)]
pub struct Machine {
    /// General registers by their number in the instruction set, 64 bits each.
    pub registers: [Value; 16],
    /// Vector registers, 512 bits each.
    pub vectors: [Value; 32],
    /// For each vector register, bit `i` for a write to its piece `i` of 128 bits.
    pub written: [u8; 32],
    /// The flags.
    pub flags: Flags,
    /// Memory.
    pub memory: Memory,
    /// The symbols that addresses are based on.
    pub bases: Vec<(Value, Region)>,
    /// The count symbol of the loop and the numbers that it may be on this path.
    pub count: Option<(Value, Interval)>,
    /// Whether general registers may carry secrets: they do where output is copied.
    pub carries_output: bool,
    /// Conditions that hold on this path.
    pub assumptions: Vec<Assumption>,
}

impl Machine {
    /// Every register unknown, nothing stored.
    pub fn new(terms: &mut Terms) -> Self {
        let registers = std::array::from_fn(|number| general(terms, number));
        let vectors = std::array::from_fn(|number| entry_vector(terms, number));
        Self {
            registers,
            vectors,
            written: [0; 32],
            flags: Flags::default(),
            memory: Memory::new(),
            bases: Vec::new(),
            count: None,
            carries_output: false,
            assumptions: Vec::new(),
        }
    }

    /// The place at an address; `None` if it is not a constant distance from a known base.
    pub fn place(&self, terms: &Terms, address: &Value) -> Option<Place> {
        let (constant, summands) = terms.linear_form(address);
        let offset = constant as i64;
        match summands.as_slice() {
            [] => Some(Place { region: Region::Image, offset }),
            [(base, 1)] => {
                let (_, region) = self.bases.iter().find(|(symbol, _)| symbol == base)?;
                Some(Place { region: *region, offset })
            }
            _ => None,
        }
    }

    /// Whether the path assumes that a one-bit condition holds; `None` if it assumes neither.
    pub fn assumed(&self, bit: &Value) -> Option<bool> {
        self.assumptions.iter().find(|assumption| assumption.bit == *bit).map(|assumption| assumption.holds)
    }

    /// Assumes a one-bit condition.
    pub fn assume(&mut self, bit: Value, holds: bool) {
        let after = self.memory.accesses().len();
        self.assumptions.push(Assumption { bit, holds, after });
    }

    /// Does a write whose condition holds.
    pub fn perform(&mut self, write: &Write) {
        match write {
            Write::Register(number, value) => self.registers[*number] = value.clone(),
            Write::Memory(instruction, place, value) => self.memory.store(*instruction, *place, value),
        }
    }

    /// Writes the low bits of a vector register; the bits above become zero, unless `keep` says that they stay.
    pub fn write_vector(&mut self, number: usize, value: &Value, keep: bool) {
        let width = value.width();
        self.vectors[number] = if keep {
            Value::concat([value, &self.vectors[number].extract(width, VECTOR_WIDTH - width)])
        } else {
            value.resized(VECTOR_WIDTH)
        };
        let pieces = if keep { width / PIECE } else { VECTOR_WIDTH / PIECE };
        self.written[number] |= (1_u8 << pieces) - 1;
    }
}

/// A general register at the entry of the routine.
pub fn general(terms: &mut Terms, number: usize) -> Value {
    terms.symbol(Symbol::Indexed("register", number as u32), 64, false)
}

/// A vector register at the entry of the routine: the caller's, and no secret of the routine.
pub fn entry_vector(terms: &mut Terms, number: usize) -> Value {
    let words: Vec<Value> = (0..VECTOR_WIDTH / 64)
        .map(|word| terms.symbol(Symbol::Indexed("vector", number as u32 * 8 + word), 64, false))
        .collect();
    Value::concat(&words)
}
