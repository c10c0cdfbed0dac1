// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Random number generators in user space, called by their own interface. The caller keeps the generator between calls.

use super::Generator;
use chacha20::ChaCha20Rng;
use rand_09::RngCore;
use rand_010::{Rng, SeedableRng};

impl Generator for rand_09::rngs::ThreadRng {
    #[inline(always)]
    fn fill(&mut self, bytes: &mut [u8]) -> bool {
        self.fill_bytes(bytes);
        true
    }
}

impl Generator for rand_010::rngs::ThreadRng {
    #[inline(always)]
    fn fill(&mut self, bytes: &mut [u8]) -> bool {
        self.fill_bytes(bytes);
        true
    }
}

impl Generator for ChaCha20Rng {
    #[inline(always)]
    fn fill(&mut self, bytes: &mut [u8]) -> bool {
        self.fill_bytes(bytes);
        true
    }
}

/// ChaCha20 as a generator, seeded by `ThreadRng`.
pub fn chacha20() -> ChaCha20Rng {
    ChaCha20Rng::from_rng(&mut rand_010::rng())
}
