// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The CPU levels that the object's cipher routines need.

use vdso_abi::rng_data::simd;

/// A set of vector instructions that a cipher routine needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuLevel {
    /// The value of the `simd` byte, of [`vdso_abi::rng_data::simd`].
    pub simd: u8,
    /// Its name.
    pub name: &'static str,
    /// The ending of the names of its routines.
    pub suffix: &'static str,
}

/// The levels of this processor, SSE2 first.
pub fn cpu_levels() -> Vec<CpuLevel> {
    let mut levels = vec![CpuLevel { simd: simd::SSE2, name: "SSE2", suffix: "sse2" }];
    if std::arch::is_x86_feature_detected!("avx2") {
        levels.push(CpuLevel { simd: simd::AVX2, name: "AVX2", suffix: "avx2" });
    }
    if std::arch::is_x86_feature_detected!("avx512vl") {
        levels.push(CpuLevel { simd: simd::AVX512VL, name: "AVX-512VL", suffix: "avx512vl" });
    }
    levels
}
