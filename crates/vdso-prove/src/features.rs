// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The extensions of the instruction set that each level allows.

use crate::fault::{Claim, Fault};
use iced_x86::{CpuidFeature, Instruction};
use vdso_abi::routines::CpuFeature;

/// Extensions that every x86-64 processor has.
const BASELINE: [CpuidFeature; 10] = [
    CpuidFeature::INTEL8086,
    CpuidFeature::INTEL186,
    CpuidFeature::INTEL286,
    CpuidFeature::INTEL386,
    CpuidFeature::INTEL486,
    CpuidFeature::X64,
    CpuidFeature::CMOV,
    CpuidFeature::MULTIBYTENOP,
    CpuidFeature::SSE,
    CpuidFeature::SSE2,
];

/// Extensions that AVX2 adds.
const AVX2: [CpuidFeature; 2] = [CpuidFeature::AVX, CpuidFeature::AVX2];

/// Extensions that AVX-512VL adds.
const AVX512VL: [CpuidFeature; 2] = [CpuidFeature::AVX512F, CpuidFeature::AVX512VL];

/// Holds an instruction against a level.
pub fn check(instruction: &Instruction, level: CpuFeature) -> Result<(), Fault> {
    let is_allowed = |feature: &CpuidFeature| {
        BASELINE.contains(feature)
            || level != CpuFeature::Sse2 && AVX2.contains(feature)
            || level == CpuFeature::Avx512vl && AVX512VL.contains(feature)
    };
    let registers = (0..instruction.op_count()).map(|operand| instruction.op_register(operand));
    if let Some(register) = registers.into_iter().find(|register| register.is_zmm()) {
        return Err(Fault::new(Claim::Features, format!("`{instruction}` uses {register:?}; the level has 256 bits")));
    }
    match instruction.cpuid_features().iter().find(|feature| !is_allowed(feature)) {
        None => Ok(()),
        Some(feature) => Err(Fault::new(
            Claim::Features,
            format!("`{instruction}` needs {feature:?}, which {level:?} does not allow"),
        )),
    }
}
