// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The caller's buffer, at the same address for every peer.

/// Alignment to a page, so that cache lines and pages end at the same byte for every peer.
const ALIGNMENT: usize = 4096;

/// A buffer that starts on a page.
pub struct Buffer {
    memory: Vec<u8>,
    start: usize,
    len: usize,
}

impl Buffer {
    /// A buffer of `len` bytes. All are written once, so that no measured call faults in a page.
    pub fn new(len: usize) -> Self {
        let memory = vec![1; len + ALIGNMENT];
        let start = memory.as_ptr().align_offset(ALIGNMENT);
        Self { memory, start, len }
    }

    /// Address of the first byte.
    pub fn start(&mut self) -> *mut u8 {
        self.bytes().as_mut_ptr()
    }

    /// All bytes.
    pub fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..][..self.len]
    }
}
