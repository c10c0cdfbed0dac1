// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The cipher routines of the object, to which stricter rules apply.

/// An extension of the instruction set beyond the x86-64 baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuFeature {
    /// The baseline, which includes SSE2.
    Sse2,
    /// AVX and AVX2.
    Avx2,
    /// AVX-512F and AVX-512VL, in 256-bit registers.
    Avx512vl,
}

/// A routine in hand-written assembly that handles key and keystream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CipherRoutine {
    /// The name of its symbol in the object, unmangled.
    pub name: &'static str,
    /// The widest extension that it may use.
    pub feature: CpuFeature,
}

/// All cipher routines. Every other function of the object uses only the x86-64 baseline.
pub const CIPHER_ROUTINES: [CipherRoutine; 6] = [
    CipherRoutine { name: "chacha20_generate_sse2", feature: CpuFeature::Sse2 },
    CipherRoutine { name: "chacha20_refill_sse2", feature: CpuFeature::Sse2 },
    CipherRoutine { name: "chacha20_generate_avx2", feature: CpuFeature::Avx2 },
    CipherRoutine { name: "chacha20_refill_avx2", feature: CpuFeature::Avx2 },
    CipherRoutine { name: "chacha20_generate_avx512vl", feature: CpuFeature::Avx512vl },
    CipherRoutine { name: "chacha20_refill_avx512vl", feature: CpuFeature::Avx512vl },
];
