// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Faults planted into the machine code of the built object, and the claim that each of them violates.

use iced_x86::{Decoder, DecoderOptions, Instruction, Mnemonic};
use vdso_abi::routines::CIPHER_ROUTINES;
use vdso_abi::state::BATCH_LEN;
use vdso_prove::fault::Claim;
use vdso_prove::hot_path;
use vdso_prove::program::Program;
use vdso_prove::routine::prove;

/// A change of one instruction that keeps its length.
#[derive(Clone, Copy, Debug)]
enum Edit {
    /// No operation instead.
    Remove,
    /// Another immediate.
    Immediate(u8),
    /// A number added to the displacement.
    Displace(i32),
    /// One opcode byte for another one.
    Opcode(u8, u8),
}
use Edit::{Displace, Immediate, Opcode, Remove};

/// A planted fault.
struct Mutant {
    name: &'static str,
    routine: &'static str,
    /// The instruction: the one number `.1`, from 0 on, with this mnemonic.
    instruction: (Mnemonic, usize),
    edit: Edit,
    claim: Claim,
}

const fn mutant(
    name: &'static str,
    routine: &'static str,
    instruction: (Mnemonic, usize),
    edit: Edit,
    claim: Claim,
) -> Mutant {
    Mutant { name, routine, instruction, edit, claim }
}

const GENERATE_SSE2: &str = "chacha20_generate_sse2";
const REFILL_SSE2: &str = "chacha20_refill_sse2";
const GENERATE_AVX2: &str = "chacha20_generate_avx2";
const REFILL_AVX2: &str = "chacha20_refill_avx2";
const GENERATE_AVX512VL: &str = "chacha20_generate_avx512vl";
const REFILL_AVX512VL: &str = "chacha20_refill_avx512vl";

const MUTANTS: [Mutant; 43] = [
    mutant("rotation-left-11", GENERATE_SSE2, (Mnemonic::Pslld, 0), Immediate(11), Claim::Output),
    mutant("rotation-right-21", REFILL_SSE2, (Mnemonic::Psrld, 3), Immediate(21), Claim::Output),
    mutant("rotation-of-halves", GENERATE_SSE2, (Mnemonic::Pshuflw, 0), Immediate(0xb0), Claim::Output),
    mutant("rotation-15", REFILL_AVX512VL, (Mnemonic::Vprold, 0), Immediate(15), Claim::Output),
    mutant("rotation-table", REFILL_AVX2, (Mnemonic::Vpshufb, 0), Displace(-0x1_0000), Claim::Output),
    mutant("nine-double-rounds", GENERATE_SSE2, (Mnemonic::Mov, 4), Immediate(9), Claim::Output),
    mutant("eleven-double-rounds", REFILL_AVX2, (Mnemonic::Mov, 4), Immediate(11), Claim::Output),
    mutant("one-double-round", GENERATE_AVX2, (Mnemonic::Jne, 0), Opcode(0x85, 0x84), Claim::Output),
    mutant("constant-changed", GENERATE_SSE2, (Mnemonic::Mov, 0), Immediate(0x66), Claim::Output),
    mutant("constant-of-another-word", REFILL_AVX512VL, (Mnemonic::Vpbroadcastd, 1), Displace(4), Claim::Output),
    mutant("subtraction", GENERATE_SSE2, (Mnemonic::Paddd, 4), Opcode(0xfe, 0xfa), Claim::Covered),
    mutant("addition-of-halfwords", GENERATE_AVX2, (Mnemonic::Vpaddd, 3), Opcode(0xfe, 0xfd), Claim::Covered),
    mutant("or-for-xor", GENERATE_SSE2, (Mnemonic::Pxor, 6), Opcode(0xef, 0xeb), Claim::Output),
    mutant("key-word-twice", GENERATE_AVX2, (Mnemonic::Vpbroadcastd, 6), Displace(-4), Claim::Output),
    mutant("input-not-added", REFILL_SSE2, (Mnemonic::Paddd, 36), Remove, Claim::Output),
    mutant("key-not-added", GENERATE_AVX512VL, (Mnemonic::Vpaddd, 70), Remove, Claim::Output),
    mutant("counter-lanes", GENERATE_SSE2, (Mnemonic::Paddq, 0), Displace(16), Claim::Output),
    mutant("counter-words-swapped", REFILL_AVX2, (Mnemonic::Vshufps, 0), Immediate(0xdd), Claim::Output),
    mutant("counter-of-the-second-set", GENERATE_AVX512VL, (Mnemonic::Lea, 0), Displace(-1), Claim::Output),
    mutant("word-of-another-lane", GENERATE_SSE2, (Mnemonic::Pshufd, 1), Immediate(0x56), Claim::Output),
    mutant("halves-of-another-block", REFILL_AVX2, (Mnemonic::Vperm2i128, 2), Immediate(0x30), Claim::Output),
    mutant("rows-interleaved-wrongly", GENERATE_AVX2, (Mnemonic::Vpunpckldq, 0), Opcode(0x62, 0x6a), Claim::Output),
    mutant("store-left-out", GENERATE_SSE2, (Mnemonic::Movdqu, 14), Remove, Claim::Output),
    mutant("store-to-another-block", GENERATE_AVX2, (Mnemonic::Vmovdqu, 8), Displace(64), Claim::Output),
    mutant("counter-step-3", GENERATE_SSE2, (Mnemonic::Add, 1), Immediate(3), Claim::Loop),
    mutant("counter-not-stepped", GENERATE_AVX512VL, (Mnemonic::Add, 1), Remove, Claim::Loop),
    mutant("output-step", GENERATE_AVX2, (Mnemonic::Add, 0), Immediate(0x40), Claim::Loop),
    mutant("count-not-stepped", GENERATE_AVX2, (Mnemonic::Dec, 1), Remove, Claim::Loop),
    mutant("count-step-3", GENERATE_SSE2, (Mnemonic::Sub, 0), Immediate(3), Claim::Loop),
    mutant("two-sets-for-one-group", GENERATE_AVX512VL, (Mnemonic::Cmp, 0), Immediate(1), Claim::Loop),
    mutant("no-check-for-no-groups", GENERATE_AVX2, (Mnemonic::Je, 0), Remove, Claim::Loop),
    mutant("register-not-zeroed", GENERATE_SSE2, (Mnemonic::Pxor, 44), Remove, Claim::Zeroed),
    mutant("no-register-zeroed", REFILL_AVX2, (Mnemonic::Vzeroall, 0), Remove, Claim::Zeroed),
    mutant("second-set-not-zeroed", GENERATE_AVX512VL, (Mnemonic::Vpxord, 111), Remove, Claim::Zeroed),
    mutant("tag-not-checked", REFILL_AVX2, (Mnemonic::Cmovne, 0), Remove, Claim::TagCheck),
    mutant("tag-checked-once", REFILL_SSE2, (Mnemonic::Cmovne, 0), Opcode(0x45, 0x44), Claim::TagCheck),
    mutant("word-of-another-place", REFILL_AVX512VL, (Mnemonic::Cmp, 0), Displace(8), Claim::Memory),
    mutant("lower-blocks-first", REFILL_SSE2, (Mnemonic::Movdqu, 13), Displace(-256), Claim::KeyOrder),
    mutant("scratch-over-the-key", GENERATE_AVX2, (Mnemonic::Vmovdqu, 0), Displace(-64), Claim::Memory),
    mutant("scratch-over-the-word", GENERATE_AVX512VL, (Mnemonic::Vmovdqu32, 0), Displace(32), Claim::Memory),
    mutant("comparison-with-the-key", REFILL_AVX2, (Mnemonic::Cmp, 0), Displace(-496), Claim::Secrets),
    mutant("kept-register-changed", GENERATE_SSE2, (Mnemonic::Mov, 0), Opcode(0xb8, 0xbb), Claim::Registers),
    mutant("result-7", REFILL_SSE2, (Mnemonic::Mov, 10), Immediate(7), Claim::Registers),
];

const DRAW: &str = "__vdso_vgetrandom";

/// Faults in a draw of [`DRAWN`] bytes.
const DRAW_MUTANTS: [Mutant; 13] = [
    mutant("flags-not-checked", DRAW, (Mnemonic::Ja, 0), Remove, Claim::TagCheck),
    mutant("no-state-not-checked", DRAW, (Mnemonic::Je, 0), Remove, Claim::TagCheck),
    mutant("page-not-checked", DRAW, (Mnemonic::Ja, 1), Remove, Claim::TagCheck),
    mutant("generation-0-not-checked", DRAW, (Mnemonic::Je, 1), Remove, Claim::TagCheck),
    mutant("idle-not-checked", DRAW, (Mnemonic::Jne, 0), Remove, Claim::TagCheck),
    mutant("take-not-checked", DRAW, (Mnemonic::Jae, 0), Remove, Claim::TagCheck),
    mutant("generation-not-checked-again", DRAW, (Mnemonic::Jne, 1), Remove, Claim::TagCheck),
    mutant("tag-not-checked-again", DRAW, (Mnemonic::Jne, 2), Remove, Claim::TagCheck),
    mutant("not-released", DRAW, (Mnemonic::Or, 1), Remove, Claim::TagCheck),
    mutant("bytes-stay-in-the-batch", DRAW, (Mnemonic::Mov, 17), Remove, Claim::Output),
    mutant("bytes-after-the-batch", DRAW, (Mnemonic::Mov, 15), Displace(1), Claim::Memory),
    mutant("count-not-stored", DRAW, (Mnemonic::Mov, 49), Remove, Claim::Output),
    mutant("result-not-returned", DRAW, (Mnemonic::Mov, 52), Remove, Claim::Registers),
];

/// Bytes of a draw, and bytes of the batch that it is from.
const DRAWN: (usize, usize) = (5, BATCH_LEN);

/// The program with a fault.
fn planted(program: &Program, mutant: &Mutant) -> Program {
    let function = program.function(mutant.routine).expect("a cipher routine");
    let instructions = program.instructions(function);
    let (mnemonic, number) = mutant.instruction;
    let mut matching = (0..instructions.len()).filter(|at| instructions[*at].mnemonic() == mnemonic);
    let at = matching.nth(number).unwrap_or_else(|| panic!("{}: no such instruction", mutant.name));
    let bytes = |instruction: &Instruction| -> Vec<u8> {
        (instruction.ip()..instruction.next_ip()).filter_map(|address| program.byte(address)).collect()
    };
    let mut code = bytes(&instructions[at]);
    match mutant.edit {
        Remove => code.fill(0x90),
        Opcode(from, to) => {
            let byte = code.iter_mut().find(|byte| **byte == from).unwrap_or_else(|| panic!("{}: opcode", mutant.name));
            *byte = to;
        }
        Immediate(value) => {
            let at = constants(&code, &instructions[at]).0;
            code[at] = value;
        }
        Displace(by) => {
            let (_, at, len) = constants(&code, &instructions[at]);
            let mut field = [0; 4];
            field[..len].copy_from_slice(&code[at..at + len]);
            let old = if len == 1 { i32::from(field[0] as i8) } else { i32::from_le_bytes(field) };
            code[at..at + len].copy_from_slice(&(old + by).to_le_bytes()[..len]);
        }
    }
    let mut program = program.clone();
    for segment in &mut program.segments {
        let offset = instructions[at].ip().wrapping_sub(segment.address) as usize;
        if let Some(place) = segment.bytes.get_mut(offset..offset.wrapping_add(code.len())) {
            place.copy_from_slice(&code);
        }
    }
    program
}

/// Offsets of the immediate and the displacement, and the length of the latter.
fn constants(code: &[u8], instruction: &Instruction) -> (usize, usize, usize) {
    let mut decoder = Decoder::with_ip(64, code, instruction.ip(), DecoderOptions::NONE);
    let decoded = decoder.decode();
    let offsets = decoder.get_constant_offsets(&decoded);
    (offsets.immediate_offset(), offsets.displacement_offset(), offsets.displacement_size())
}

/// For each planted fault that is not found for its reason, the finding.
pub fn wrong_verdicts(program: &Program) -> Vec<String> {
    let mut wrong = Vec::new();
    for mutant in MUTANTS.iter().chain(&DRAW_MUTANTS) {
        let planted = planted(program, mutant);
        let routine = CIPHER_ROUTINES.iter().find(|routine| routine.name == mutant.routine);
        let verdict = match routine {
            Some(routine) => prove(&planted, routine).map(drop),
            None => hot_path::prove(&planted, mutant.routine, DRAWN.0, DRAWN.1).map(drop),
        };
        match verdict {
            Err(finding) if finding.claim == mutant.claim => println!("{}: {finding}", mutant.name),
            verdict => {
                let verdict = verdict.map_or_else(|finding| finding.to_string(), |_| "proved".into());
                wrong.push(format!("{}: wanted {}, got {verdict}", mutant.name, mutant.claim));
            }
        }
    }
    wrong
}
