// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The references of code: decodes functions along every path, including the functions that they call.

use crate::memory::Memory;
use crate::parser::ElfFile;
use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction};
use std::collections::{BTreeMap, BTreeSet};

/// The outcome of a walk.
#[derive(Debug, Default)]
pub struct References {
    /// Every instruction by its address, with the address of its end.
    pub instructions: BTreeMap<u64, u64>,
    /// Address of an instruction, and what its operand relative to the instruction pointer refers to.
    pub targets: BTreeMap<u64, u64>,
    /// Address of an instruction at which the walk was lost, and why.
    pub stray: BTreeMap<u64, String>,
}

/// Longest encoding of one instruction, in bytes.
const LONGEST: u64 = 15;

/// Follows the code from the addresses in `ahead`.
pub fn references(elf: &ElfFile<'_>, mut ahead: Vec<u64>) -> References {
    let memory = Memory::of(elf);
    // Each address is decoded once, so that the walk ends after at most as many steps as there are bytes.
    let mut seen = BTreeSet::new();
    let mut references = References::default();
    while let Some(address) = ahead.pop() {
        if !seen.insert(address) {
            continue;
        }
        let Some(instruction) = decode(&memory, address) else {
            references.stray.insert(address, format!("no instruction at {address:#x}"));
            continue;
        };
        references.instructions.insert(address, instruction.next_ip());
        if instruction.is_ip_rel_memory_operand() {
            references.targets.insert(address, instruction.ip_rel_memory_address());
        }
        match instruction.flow_control() {
            FlowControl::Next => ahead.push(instruction.next_ip()),
            // The decoder counts system calls among calls; they have no target in the image.
            FlowControl::Call if !instruction.is_call_near() => ahead.push(instruction.next_ip()),
            FlowControl::ConditionalBranch | FlowControl::Call => {
                ahead.extend([instruction.next_ip(), instruction.near_branch_target()]);
            }
            FlowControl::UnconditionalBranch => ahead.push(instruction.near_branch_target()),
            FlowControl::Interrupt | FlowControl::Exception | FlowControl::Return => {}
            FlowControl::IndirectBranch | FlowControl::IndirectCall | FlowControl::XbeginXabortXend => {
                references.stray.insert(address, "a jump or call through a register or memory".into());
            }
        }
    }
    references
}

/// The instruction at an address of the image.
fn decode(memory: &Memory<'_>, address: u64) -> Option<Instruction> {
    let rest = memory.from(address)?;
    let bytes = &rest[..rest.len().min(LONGEST as usize)];
    let instruction = Decoder::with_ip(64, bytes, address, DecoderOptions::NONE).decode();
    (!instruction.is_invalid()).then_some(instruction)
}
