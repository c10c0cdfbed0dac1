// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The cipher routines of an image without their symbols, told by what they do.

use crate::features;
use crate::memory::WORD;
use crate::program::{Function, Program};
use iced_x86::{Instruction, Mnemonic, OpKind};
use std::collections::BTreeSet;
use vdso_abi::exports::EXPORTS;
use vdso_abi::routines::{CIPHER_ROUTINES, CpuFeature};

/// Names the routines that the exported functions reach and that no symbol names.
///
/// The name decides only which claims a routine is held to: a wrong one makes the proof fail.
pub fn name_routines(program: &mut Program) {
    let named: Vec<(u64, &str)> = reachable(program)
        .into_iter()
        .filter_map(|address| {
            let function = program.functions.iter().find(|function| function.address == address)?;
            Some((address, name_of(program, function)?))
        })
        .filter(|(_, name)| program.function(name).is_none())
        .collect();
    for function in &mut program.functions {
        if let Some((_, name)) = named.iter().find(|(address, _)| *address == function.address) {
            (*name).clone_into(&mut function.name);
        }
    }
}

/// Addresses of the functions that the exported ones call or jump to, and so on.
fn reachable(program: &Program) -> BTreeSet<u64> {
    let exported =
        program.functions.iter().filter(|function| EXPORTS.iter().any(|export| export.name == function.name));
    let mut open: Vec<u64> = exported.map(|function| function.address).collect();
    let mut found = BTreeSet::new();
    while let Some(address) = open.pop() {
        if !found.insert(address) {
            continue;
        }
        let Some(function) = program.functions.iter().find(|function| function.address == address) else { continue };
        let targets = program.instructions(function).into_iter().filter(is_direct_branch);
        let starts = targets.map(|instruction| instruction.near_branch_target());
        open.extend(starts.filter(|start| program.functions.iter().any(|function| function.address == *start)));
    }
    found
}

fn is_direct_branch(instruction: &Instruction) -> bool {
    instruction.op_count() == 1 && instruction.op_kind(0) == OpKind::NearBranch64
}

/// The name of the routine that a function seems to be; `None` if it adds no vectors.
fn name_of(program: &Program, function: &Function) -> Option<&'static str> {
    let instructions = program.instructions(function);
    let adds = |instruction: &Instruction| matches!(instruction.mnemonic(), Mnemonic::Paddd | Mnemonic::Vpaddd);
    if !instructions.iter().any(adds) {
        return None;
    }
    let fits = |level: CpuFeature| instructions.iter().all(|instruction| features::check(instruction, level).is_ok());
    let level = [CpuFeature::Sse2, CpuFeature::Avx2, CpuFeature::Avx512vl].into_iter().find(|level| fits(*level))?;
    let compares_word = |instruction: &Instruction| {
        instruction.mnemonic() == Mnemonic::Cmp && instruction.memory_displacement64() == WORD as u64
    };
    let kind = if instructions.iter().any(compares_word) { "refill" } else { "generate" };
    let mut routines = CIPHER_ROUTINES.iter();
    routines.find(|routine| routine.feature == level && routine.name.contains(kind)).map(|routine| routine.name)
}
