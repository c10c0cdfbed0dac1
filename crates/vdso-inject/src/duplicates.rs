// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The search for repeated words of eight bytes.

use chacha20::ChaCha20LegacyCore;
use chacha20::cipher::{KeyIvInit, StreamCipherCore};
use std::collections::HashSet;
use vdso_abi::state::{BLOCK_LEN, KEY_LEN};

/// Length of a word, in bytes.
pub const WORD_LEN: usize = 8;

/// The words of `bytes` from its start on, with their offsets; what is left at the end is shorter than a word.
pub fn words(bytes: &[u8]) -> impl Iterator<Item = (usize, u64)> {
    bytes.chunks_exact(WORD_LEN).enumerate().map(|(at, word)| (at * WORD_LEN, to_word(word)))
}

/// All eight bytes in a row of `bytes`, with their offsets.
pub fn windows(bytes: &[u8]) -> impl Iterator<Item = (usize, u64)> {
    bytes.windows(WORD_LEN).map(to_word).enumerate()
}

fn to_word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("as long as a word"))
}

/// Where a word of a run was seen: which piece of it, and how far in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordPosition {
    /// The number of the piece.
    pub part: u16,
    /// Offset of the word, in bytes.
    pub offset: u16,
}

/// The words of one run. Forgetting them takes no time.
pub struct RunWords {
    slots: Vec<(u64, u32, WordPosition)>,
    run: u32,
}

impl Default for RunWords {
    /// None.
    fn default() -> Self {
        Self { slots: vec![(0, 0, WordPosition { part: 0, offset: 0 }); Self::SLOTS], run: 0 }
    }
}

impl RunWords {
    /// More than twice as many as any run has words.
    const SLOTS: usize = 1 << 13;

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.run += 1;
    }

    /// Where `word` was seen.
    pub fn find(&self, word: u64) -> Option<WordPosition> {
        let (slot_word, run, place) = self.slots[self.slot(word)];
        (run == self.run && slot_word == word).then_some(place)
    }

    /// Adds a word; returns where it was seen before.
    pub fn insert(&mut self, word: u64, place: WordPosition) -> Option<WordPosition> {
        let slot = self.slot(word);
        let (_, run, seen) = self.slots[slot];
        if run == self.run {
            return Some(seen);
        }
        self.slots[slot] = (word, self.run, place);
        None
    }

    /// The slot of this word, or the free one where it belongs.
    fn slot(&self, word: u64) -> usize {
        // The words are random, or all alike.
        let mut slot = word as usize % Self::SLOTS;
        while self.slots[slot].1 == self.run && self.slots[slot].0 != word {
            slot = (slot + 1) % Self::SLOTS;
        }
        slot
    }
}

/// The keystream of the all-zero key, which an attacker knows.
pub struct ZeroKey(HashSet<u64>);

impl Default for ZeroKey {
    /// Computes it.
    fn default() -> Self {
        let mut cipher = ChaCha20LegacyCore::new(&[0; KEY_LEN].into(), &[0; 8].into());
        let mut stream = Vec::new();
        for counter in 0..Self::BLOCKS {
            cipher.set_block_pos(counter);
            let mut block = [0; BLOCK_LEN].into();
            cipher.write_keystream_block(&mut block);
            stream.extend_from_slice(&block);
        }
        Self(windows(&stream).map(|(_, word)| word).collect())
    }
}

impl ZeroKey {
    /// From its first block on, more than the longest call takes.
    const BLOCKS: u64 = 128;

    /// Whether the word is part of it, at any offset.
    pub fn has(&self, word: u64) -> bool {
        self.0.contains(&word)
    }
}

/// The words that occur more than once in all of `lists`, each once.
///
/// One pass for each of a few ranges of words, so that the copy that is sorted stays small.
pub fn repeated(lists: &[&[u64]]) -> Vec<u64> {
    const RANGES: u32 = 4;
    let mut found = Vec::new();
    for range in 0..1 << RANGES {
        let mut words: Vec<u64> = Vec::new();
        for list in lists {
            words.extend(list.iter().copied().filter(|word| word >> (u64::BITS - RANGES) == range));
        }
        words.sort_unstable();
        found.extend(words.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]));
    }
    found.dedup();
    found
}
