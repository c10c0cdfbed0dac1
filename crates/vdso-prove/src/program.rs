// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A program as the evaluator sees it: read-only bytes at addresses, and the cipher routines among them.

use iced_x86::{Decoder, DecoderOptions, Instruction};
use vdso_abi::routines::CpuFeature;

/// Bytes at their address.
#[derive(Clone, Debug)]
pub struct Segment {
    /// The address of the first byte.
    pub address: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A function by the name of its symbol.
#[derive(Clone, Debug)]
pub struct Function {
    /// The name of the symbol.
    pub name: String,
    /// The address of the first instruction.
    pub address: u64,
    /// Its length, in bytes.
    pub len: u64,
}

/// A loaded program.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// Code and constants; no two of them overlap.
    pub segments: Vec<Segment>,
    /// The functions that a symbol names.
    pub functions: Vec<Function>,
}

/// A routine and the level that it is held to.
#[derive(Clone, Copy)]
pub struct Subroutine<'a> {
    /// The program.
    pub program: &'a Program,
    /// The routine in it.
    pub function: &'a Function,
    /// The widest extension that it may use.
    pub feature: CpuFeature,
}

impl Program {
    /// The byte at an address.
    pub fn byte(&self, address: u64) -> Option<u8> {
        self.from(address)?.first().copied()
    }

    /// The function with a name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// The instruction at an address; `None` if there is none.
    pub fn instruction(&self, address: u64) -> Option<Instruction> {
        let instruction = Decoder::with_ip(64, self.from(address)?, address, DecoderOptions::NONE).decode();
        (!instruction.is_invalid()).then_some(instruction)
    }

    /// The instructions of a function in the order of their addresses.
    pub fn instructions(&self, function: &Function) -> Vec<Instruction> {
        let bytes = self.from(function.address).unwrap_or_default();
        let bytes = &bytes[..bytes.len().min(function.len as usize)];
        Decoder::with_ip(64, bytes, function.address, DecoderOptions::NONE).into_iter().collect()
    }

    fn from(&self, address: u64) -> Option<&[u8]> {
        self.segments.iter().find_map(|segment| {
            let at = usize::try_from(address.checked_sub(segment.address)?).ok()?;
            segment.bytes.get(at..).filter(|bytes| !bytes.is_empty())
        })
    }
}
