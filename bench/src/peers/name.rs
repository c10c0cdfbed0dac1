// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The names of the peers.

use serde::{Serialize, Serializer};
use std::fmt;
use vdso_abi::rng_data::simd;

/// A CPU level: the cipher of the object that one value of the `simd` byte selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// SSE2, 4 blocks at a time.
    Sse2,
    /// AVX2, 8 blocks at a time.
    Avx2,
    /// AVX-512VL, in 256-bit registers.
    Avx512vl,
}

impl Level {
    /// All levels, from narrow to wide.
    pub const ALL: [Self; 3] = [Self::Sse2, Self::Avx2, Self::Avx512vl];

    /// The value of the `simd` byte.
    pub fn simd(self) -> u8 {
        match self {
            Self::Sse2 => simd::SSE2,
            Self::Avx2 => simd::AVX2,
            Self::Avx512vl => simd::AVX512VL,
        }
    }

    /// The suffix of its cipher routines' names.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Sse2 => "sse2",
            Self::Avx2 => "avx2",
            Self::Avx512vl => "avx512vl",
        }
    }

    /// Whether processor and kernel support it in user space.
    pub fn is_usable(self) -> bool {
        match self {
            Self::Sse2 => true,
            Self::Avx2 => std::arch::is_x86_feature_detected!("avx2"),
            Self::Avx512vl => std::arch::is_x86_feature_detected!("avx512vl"),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sse2 => "SSE2",
            Self::Avx2 => "AVX2",
            Self::Avx512vl => "AVX-512VL",
        })
    }
}

/// A function of this project, a peer, or a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// `__vdso_getrandom` of the image under test.
    Ours(Level),
    /// `__vdso_getrandom` of the running kernel.
    CVdso,
    /// `getrandom(2)`.
    SystemCall,
    /// `ThreadRng` of rand 0.9, ChaCha12.
    Rand09,
    /// `ThreadRng` of rand 0.10, ChaCha12.
    Rand010,
    /// `ChaCha20Rng` of the crate chacha20.
    ChaCha20Rng,
    /// `arc4random_buf` of the C library.
    Arc4random,
    /// `RAND_bytes` of OpenSSL, AES-CTR.
    OpensslRand,
    /// The cipher routine of the object alone.
    Keystream(Level),
    /// ChaCha20 of OpenSSL in registers of the same width.
    OpensslKeystream(Level),
    /// ChaCha20 of OpenSSL in 512-bit registers.
    OpensslKeystreamZmm,
    /// A copy of as many bytes.
    Memcpy,
    /// A call that does nothing.
    EmptyCall,
}

impl Name {
    /// Whether it makes keystream only, in whole groups of blocks.
    pub fn is_keystream(self) -> bool {
        matches!(self, Self::Keystream(_) | Self::OpensslKeystream(_) | Self::OpensslKeystreamZmm)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Ours(level) => &format!("ours, {level}"),
            Self::CVdso => "C vDSO of this kernel",
            Self::SystemCall => "getrandom system call",
            Self::Rand09 => "rand 0.9 ThreadRng",
            Self::Rand010 => "rand 0.10 ThreadRng",
            Self::ChaCha20Rng => "chacha20 ChaCha20Rng",
            Self::Arc4random => "glibc arc4random_buf",
            Self::OpensslRand => "OpenSSL RAND_bytes",
            Self::Keystream(level) => &format!("keystream, {level}"),
            Self::OpensslKeystream(level) => &format!("OpenSSL ChaCha20, {level} width"),
            Self::OpensslKeystreamZmm => "OpenSSL ChaCha20, AVX-512F",
            Self::Memcpy => "memcpy",
            Self::EmptyCall => "empty call",
        };
        f.pad(name)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
