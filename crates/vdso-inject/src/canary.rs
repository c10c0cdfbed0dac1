// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A buffer that shows a write outside of it.

/// Bytes of canary on either side: more than the widest store.
const MARGIN: usize = 128;
const ALIGNMENT: usize = 64;

/// A buffer of any alignment between canaries.
pub struct CanaryBuffer {
    memory: Vec<u8>,
    start: usize,
    len: usize,
}

fn canary(at: usize) -> u8 {
    0xa5 ^ (at as u8).wrapping_mul(29)
}

impl CanaryBuffer {
    /// A buffer of `len` bytes that begins `misalignment` (0–63) bytes after a multiple of 64. It is filled like the canaries,
    /// so that a byte that was not written is noticed too.
    pub fn new(len: usize, misalignment: usize) -> Self {
        let mut memory = vec![0; MARGIN + ALIGNMENT + misalignment + len + MARGIN];
        let start = MARGIN + misalignment + memory[MARGIN..].as_ptr().align_offset(ALIGNMENT);
        memory.iter_mut().enumerate().for_each(|(at, byte)| *byte = canary(at));
        Self { memory, start, len }
    }

    /// The buffer.
    pub fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..][..self.len]
    }

    /// The offset from the buffer's start of the first byte outside of it that has changed.
    pub fn overrun(&self) -> Option<isize> {
        let outside = |at: &usize| *at < self.start || *at >= self.start + self.len;
        let changed = (0..self.memory.len()).filter(outside).find(|at| self.memory[*at] != canary(*at))?;
        Some(changed as isize - self.start as isize)
    }

    /// Whether the buffer holds nothing but zeros and what was there before the call.
    pub fn is_clear(&self) -> bool {
        let range = self.start..self.start + self.len;
        range.into_iter().all(|at| self.memory[at] == 0 || self.memory[at] == canary(at))
    }
}
