// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! ChaCha20 (RFC 8439, section 2.3) with a 64-bit block counter and a zero nonce, in hand-written assembly.
//!
//! Two routines for each instruction set. `generate` writes whole groups of blocks to the caller's buffer; `refill` writes
//! one group, short of its end, over key and batch of the state. Both take the key from the state, and neither it nor
//! anything that it can be computed from ever leaves the vector registers but for the drained batch (M1).
//!
//! The compiler calls each routine by a mangled name of its own, and only that makes the call a direct one: an unmangled
//! function is reached through the GOT. The assembly adds the plain name, a local symbol, for the rules and the debuggers.

mod avx2;
mod avx512vl;
mod constants;
mod sse2;

use crate::output::Output;
use crate::state::Held;
use vdso_abi::rng_data::simd;
use vdso_abi::state::GROUP_LEN;

/// The state of the cipher before a block is made, as far as it is the same for all: "expand 32-byte k"
/// (RFC 8439, section 2.3).
const SIGMA: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// How often both kinds of quarter rounds are applied (RFC 8439, section 2.3).
const DOUBLE_ROUNDS: u32 = 10;

/// Which instruction set to use.
#[derive(Clone, Copy)]
pub enum Chacha20 {
    /// Every x86-64 processor.
    Sse2,
    /// AVX2, because the kernel said so.
    Avx2,
    /// AVX-512VL, because the kernel said so.
    Avx512vl,
}

/// The state was wiped and is no longer held; no output of its zero key was stored.
pub struct Wiped;

impl Chacha20 {
    /// What the `simd` byte of the kernel allows; a value that nobody has thought of yet is wider than all of these.
    pub fn allowed_by(simd: u8) -> Self {
        match simd {
            simd::SSE2 => Self::Sse2,
            simd::AVX2 => Self::Avx2,
            _ => Self::Avx512vl,
        }
    }

    /// Fills `output`, whole groups long, from block `counter` on. The batch is drained: it serves as scratch.
    ///
    /// The key has then produced something, so a [`refill`](Self::refill) under later counters must follow (K8).
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

    /// Replaces key and batch with the group from block `counter` on. The batch is drained: it serves as scratch.
    ///
    /// # Errors
    /// [`Wiped`]
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
