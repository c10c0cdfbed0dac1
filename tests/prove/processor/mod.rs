// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Every instruction of the object, executed by the processor and by the evaluator from the same random states.

mod stub;

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, Register};
use std::collections::BTreeMap;
use stub::{OPERAND_LEN, RSP, Registers, Stub};
use vdso_prove::machine::{Machine, entry_vector, general};
use vdso_prove::memory::{Place, Region};
use vdso_prove::program::{Program, Segment};
use vdso_prove::step::{Next, Step};
use vdso_prove::term::{Assignment, Symbol, Terms, Value};

/// Random states for each instruction.
const STATES: u64 = 25;

/// Positions of the flags in their register.
const CARRY: u64 = 1;
const ZERO: u64 = 1 << 6;

/// How the instructions of a program fared.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Instructions that were executed, each in all states.
    pub compared: usize,
    /// Instructions that were not, by the reason.
    pub skipped: BTreeMap<String, usize>,
    /// Where evaluator and processor differ.
    pub differences: Vec<String>,
}

/// Compares each distinct instruction of all functions of a program.
pub fn compare(program: &Program) -> Outcome {
    let wide = std::is_x86_feature_detected!("avx512f") && std::is_x86_feature_detected!("avx512vl");
    assert!(std::is_x86_feature_detected!("avx2"), "the comparison needs a processor with AVX2");
    let mut outcome = Outcome::default();
    let mut stub = Stub::new(wide);
    for (bytes, instruction) in distinct(program) {
        match reason_to_skip(&instruction, wide) {
            Some(reason) => *outcome.skipped.entry(reason).or_default() += 1,
            None => match compare_one(&mut stub, wide, &bytes, &instruction) {
                Some(difference) => outcome.differences.push(difference),
                None => outcome.compared += 1,
            },
        }
    }
    outcome
}

/// Instructions that differ in more than where a relative operand lies.
fn distinct(program: &Program) -> Vec<(Vec<u8>, Instruction)> {
    let mut found = BTreeMap::new();
    for function in &program.functions {
        for instruction in program.instructions(function) {
            let bytes: Vec<u8> =
                (instruction.ip()..instruction.next_ip()).filter_map(|address| program.byte(address)).collect();
            let mut key = bytes.clone();
            if let Some(field) = displacement(&bytes, &instruction) {
                key[field].fill(0);
            }
            found.entry(key).or_insert((bytes, instruction));
        }
    }
    found.into_values().collect()
}

/// The bytes of a displacement relative to the instruction, or of a branch.
fn displacement(bytes: &[u8], instruction: &Instruction) -> Option<std::ops::Range<usize>> {
    let mut decoder = Decoder::with_ip(64, bytes, instruction.ip(), DecoderOptions::NONE);
    let decoded = decoder.decode();
    let offsets = decoder.get_constant_offsets(&decoded);
    if instruction.is_ip_rel_memory_operand() {
        return Some(offsets.displacement_offset()..offsets.displacement_offset() + offsets.displacement_size());
    }
    (instruction.flow_control() == FlowControl::ConditionalBranch)
        .then(|| offsets.immediate_offset()..offsets.immediate_offset() + offsets.immediate_size())
}

fn reason_to_skip(instruction: &Instruction, wide: bool) -> Option<String> {
    let is_stack = instruction.is_stack_instruction()
        || (0..instruction.op_count()).any(|operand| instruction.op_register(operand).full_register() == Register::RSP);
    match instruction.flow_control() {
        FlowControl::Next | FlowControl::ConditionalBranch => {}
        _ => return Some(format!("{:?} leaves the stub", instruction.mnemonic())),
    }
    if is_stack || instruction.memory_base() == Register::RSP {
        return Some("uses the stack".into());
    }
    if instruction.mnemonic() == Mnemonic::Nop {
        return Some("no operation".into());
    }
    let needs_wide = instruction.cpuid_features().iter().any(|feature| format!("{feature:?}").starts_with("AVX512"));
    (needs_wide && !wide).then(|| "needs AVX-512, which this processor does not have".into())
}

/// The first difference in any state.
fn compare_one(stub: &mut Stub, wide: bool, bytes: &[u8], instruction: &Instruction) -> Option<String> {
    let mut random = fastrand::Rng::with_seed(instruction.code() as u64);
    let (bytes, placed) = place(stub, bytes, instruction);
    for _ in 0..STATES {
        let mut before = Registers::zero();
        before.vectors.iter_mut().flatten().for_each(|word| *word = random.u64(..));
        before.general.iter_mut().for_each(|word| *word = random.u64(..));
        // Small numbers make equal operands and carries likely.
        if random.bool() {
            before.general.iter_mut().for_each(|word| *word = random.u64(..3));
        }
        before.flags = 2 | [CARRY, ZERO].iter().filter(|_| random.bool()).sum::<u64>();
        before.jumped = 1;
        stub.memory().fill_with(|| random.u8(..));
        aim(&mut before, &placed, stub.operand());
        let memory = *stub.memory();
        let mut after = before;
        let is_branch = instruction.flow_control() == FlowControl::ConditionalBranch;
        stub.run(&bytes, &mut after, is_branch);
        let case = Case { wide, before: &before, after: &after, memory: &memory, stored: *stub.memory() };
        if let Some(difference) = case.difference(&placed, stub.operand()) {
            return Some(format!("`{instruction}`: {difference}"));
        }
    }
    None
}

/// The instruction as it stands in the stub: an operand relative to it lies in the data, and a branch skips one instruction.
fn place(stub: &Stub, bytes: &[u8], instruction: &Instruction) -> (Vec<u8>, Instruction) {
    let mut bytes = bytes.to_vec();
    let end = stub.address() + bytes.len() as u64;
    if let Some(field) = displacement(&bytes, instruction) {
        let distance = if instruction.is_ip_rel_memory_operand() {
            stub.operand().wrapping_sub(end)
        } else {
            u64::from(Stub::skipped())
        };
        let len = field.len();
        bytes[field].copy_from_slice(&distance.to_le_bytes()[..len]);
    }
    let placed = Decoder::with_ip(64, &bytes, stub.address(), DecoderOptions::NONE).decode();
    (bytes, placed)
}

/// Sets the base register of an operand in memory so that the operand lies in the data.
fn aim(registers: &mut Registers, instruction: &Instruction, operand: u64) {
    let (base, index) = (instruction.memory_base(), instruction.memory_index());
    if !base.is_gpr() {
        return;
    }
    let mut address = operand.wrapping_sub(instruction.memory_displacement64());
    if index != Register::None {
        let number = index.full_register().number();
        registers.general[number] &= 1;
        let scale = u64::from(instruction.memory_index_scale());
        address = address.wrapping_sub(registers.general[number].wrapping_mul(scale));
    }
    registers.general[base.full_register().number()] = address;
}

/// One state, and what the processor made of it.
struct Case<'a> {
    wide: bool,
    before: &'a Registers,
    after: &'a Registers,
    memory: &'a [u8; OPERAND_LEN],
    stored: [u8; OPERAND_LEN],
}

impl Case<'_> {
    /// Where the evaluator differs from the processor.
    fn difference(&self, instruction: &Instruction, operand: u64) -> Option<String> {
        let start = operand - OPERAND_LEN as u64 / 2;
        let program =
            Program { segments: vec![Segment { address: start, bytes: self.memory.to_vec() }], functions: Vec::new() };
        let mut terms = Terms::new();
        let mut numbers = Assignment::new();
        let mut machine = self.machine(&mut terms, &mut numbers, instruction);
        let step = Step { terms: &mut terms, program: &program, machine: &mut machine, instruction };
        let next = match { step }.run() {
            Ok(next) => next,
            Err(fault) => return Some(format!("the evaluator says: {}", fault.text)),
        };
        let mut number = |value: &Value| terms.number(value, &mut numbers).expect("every symbol has a number");
        match next {
            Next::Branch(condition, _) => {
                let jumped = (number(&condition.bit) != 0) != condition.negated;
                if jumped != (self.after.jumped == 1) {
                    return Some(format!("the evaluator jumps: {jumped}"));
                }
            }
            Next::Select { condition, then, otherwise } => {
                let holds = (number(&condition.bit) != 0) != condition.negated;
                let write = if holds { Some(&then) } else { otherwise.as_ref() };
                write.into_iter().for_each(|write| machine.perform(write));
            }
            _ => {}
        }
        for register in (0..16).filter(|register| *register != RSP) {
            let (is, wanted) = (number(&machine.registers[register]), self.after.general[register]);
            if is != wanted {
                return Some(format!("general register {register}: is {is:#x}, wanted {wanted:#x}"));
            }
        }
        let (registers, words) = if self.wide { (32, 8) } else { (16, 4) };
        for register in 0..registers {
            for word in 0..words {
                let is = number(&machine.vectors[register].extract(word as u32 * 64, 64));
                let wanted = self.after.vectors[register][word];
                if is != wanted {
                    return Some(format!("vector register {register}, word {word}: is {is:#x}, wanted {wanted:#x}"));
                }
            }
        }
        let (carry, zero) = (self.after.flags & CARRY != 0, self.after.flags & ZERO != 0);
        let flags = &machine.flags;
        for (name, flag, wanted) in
            [("zero", &flags.zero, zero), ("carry", &flags.carry, carry), ("above", &flags.above, !carry && !zero)]
        {
            if flag.as_ref().is_some_and(|flag| (number(flag) != 0) != wanted) {
                return Some(format!("flag {name}: wanted {wanted}"));
            }
        }
        for (at, wanted) in self.stored.iter().enumerate() {
            let place = Place { region: Region::Image, offset: start as i64 + at as i64 };
            let is = machine.memory.stored(place, 8).map_or(u64::from(self.memory[at]), |byte| number(&byte));
            if is != u64::from(*wanted) {
                return Some(format!("memory {at}: is {is:#x}, wanted {wanted:#x}"));
            }
        }
        None
    }

    /// The state as symbols with numbers, but for registers that an address depends on, which are constants.
    fn machine(&self, terms: &mut Terms, numbers: &mut Assignment, instruction: &Instruction) -> Machine {
        let mut machine = Machine::new(terms);
        for (register, number) in self.before.general.iter().enumerate() {
            numbers.set(&general(terms, register), *number);
        }
        for register in [instruction.memory_base(), instruction.memory_index()] {
            if register.is_gpr() {
                let register = register.full_register().number();
                machine.registers[register] = Value::constant(self.before.general[register], 64);
            }
        }
        for (register, words) in self.before.vectors.iter().enumerate() {
            let symbols = entry_vector(terms, register).lanes(64);
            symbols.iter().zip(words).for_each(|(symbol, number)| numbers.set(symbol, *number));
        }
        let mut flag = |name, bit: u64| {
            let symbol = terms.symbol(Symbol::Named(name), 1, false);
            numbers.set(&symbol, u64::from(self.before.flags & bit != 0));
            symbol
        };
        let (carry, zero) = (flag("carry", CARRY), flag("zero", ZERO));
        let any = terms.or(&carry, &zero);
        machine.flags.above = Some(terms.not(&any));
        (machine.flags.carry, machine.flags.zero) = (Some(carry), Some(zero));
        machine
    }
}
