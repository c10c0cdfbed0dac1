// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! ChaCha20 (RFC 8439, section 2.3) with a 64-bit block counter and a zero nonce, in hand-written assembly.
//!
//! Two routines for each instruction set. `generate` writes whole groups of blocks to the caller's buffer; `refill` writes
//! one group without its last bytes over key and batch of the state. Both load the key from the state. The key, and values
//! from which it can be computed, stay in vector registers and the empty batch (M1).
//!
//! The compiler calls each routine by its mangled name, so that the call is direct: an unmangled function is called through
//! the GOT. The assembly adds the unmangled name as a local symbol for the rules and debuggers.

mod avx2;
mod avx512vl;
mod constants;
mod sse2;

use crate::output::Output;
use crate::state::Held;
use vdso_abi::rng_data::simd;
use vdso_abi::state::GROUP_LEN;

/// The constant words of the cipher's input: "expand 32-byte k" (RFC 8439, section 2.3).
const SIGMA: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// Pairs of a column round and a diagonal round (RFC 8439, section 2.3).
const DOUBLE_ROUNDS: u32 = 10;

/// The cipher for one CPU level.
#[derive(Clone, Copy)]
pub enum Chacha20 {
    /// Every x86-64 processor.
    Sse2,
    /// AVX2, if the kernel allows it.
    Avx2,
    /// AVX-512VL, if the kernel allows it.
    Avx512vl,
}

/// The state was wiped and is no longer held. No output of its zero key was stored.
pub struct Wiped;

impl Chacha20 {
    /// The cipher that the `simd` byte of the kernel selects. A greater value than the known ones allows AVX-512VL.
    pub fn allowed_by(simd: u8) -> Self {
        match simd {
            simd::SSE2 => Self::Sse2,
            simd::AVX2 => Self::Avx2,
            _ => Self::Avx512vl,
        }
    }

    /// Fills `output`, which is a whole number of groups, from block `counter` on. The batch must be empty: it is scratch.
    ///
    /// The caller must refill under the following counters, because this key is now used (K8).
    pub fn generate(self, output: Output, held: &Held, counter: u64) {
        let (out, state, groups) = (output.start(), held.as_ptr(), output.len() / GROUP_LEN);
        // SAFETY: output and state are writable by the contract of the exported functions.
        unsafe {
            match self {
                Self::Sse2 => sse2::chacha20_generate_sse2(out, state, counter, groups),
                Self::Avx2 => avx2::chacha20_generate_avx2(out, state, counter, groups),
                Self::Avx512vl => avx512vl::chacha20_generate_avx512vl(out, state, counter, groups),
            }
        }
    }

    /// Replaces key and batch by the group from block `counter` on. The batch must be empty: it is scratch.
    ///
    /// # Errors
    /// [`Wiped`], if the state lost the tag of this call. The caller must discard the pass: part of the batch may be stored.
    pub fn refill(self, held: &Held, counter: u64) -> Result<(), Wiped> {
        // SAFETY: the state is writable by the contract of the exported functions.
        let blocks = unsafe {
            match self {
                Self::Sse2 => sse2::chacha20_refill_sse2(held.as_ptr(), counter, held.tag()),
                Self::Avx2 => avx2::chacha20_refill_avx2(held.as_ptr(), counter, held.tag()),
                Self::Avx512vl => avx512vl::chacha20_refill_avx512vl(held.as_ptr(), counter, held.tag()),
            }
        };
        if blocks == 0 { Err(Wiped) } else { Ok(()) }
    }
}
