// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Drawn bytes as words, and whether one comes twice.

use std::collections::BTreeSet;

/// Draws so many bytes, a multiple of 8, in draws of `step` bytes.
pub fn draw(len: usize, step: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    bytes.chunks_mut(step).for_each(|part| vgetrandom::fill(part).expect("a draw"));
    bytes
}

/// Panics if a word of 8 bytes is zero or is there twice. By chance that takes some 2^32 words.
pub fn assert_unique<'a>(draws: impl IntoIterator<Item = &'a [u8]>) {
    let mut seen = BTreeSet::new();
    for bytes in draws {
        let (words, rest) = bytes.as_chunks::<8>();
        assert!(rest.is_empty() && !words.is_empty(), "whole words");
        for word in words {
            assert_ne!(*word, [0; 8], "a word was not drawn");
            assert!(seen.insert(*word), "a word came twice");
        }
    }
}

/// Memory that parent and child of a fork share, for words that a child drew.
pub struct Shared {
    start: *mut u8,
    len: usize,
}

// SAFETY: writers use parts that do not overlap, and readers wait for them.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

impl Shared {
    /// Maps `len` bytes, all zero.
    pub fn new(len: usize) -> Self {
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), len, protection, flags, -1, 0) };
        assert_ne!(start, libc::MAP_FAILED, "mmap: {}", std::io::Error::last_os_error());
        Self { start: start.cast(), len }
    }

    /// Draws into `range` in one draw.
    pub fn draw(&self, range: std::ops::Range<usize>) {
        assert!(range.end <= self.len);
        // SAFETY: within the mapping; the caller's range is written by no other thread.
        let part = unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) };
        vgetrandom::fill(part).expect("a draw");
    }

    /// Writes a word.
    pub fn write(&self, at: usize, word: [u8; 8]) {
        assert!(at + word.len() <= self.len);
        // SAFETY: within the mapping; no other writer is at work there.
        unsafe { self.start.add(at).copy_from_nonoverlapping(word.as_ptr(), word.len()) };
    }

    /// Makes it all zero again.
    pub fn clear(&self) {
        // SAFETY: the mapping; no writer is at work.
        unsafe { self.start.write_bytes(0, self.len) };
    }

    /// The bytes that were written. Writers have ended.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}
