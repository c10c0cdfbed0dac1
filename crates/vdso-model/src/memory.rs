// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The opaque state in memory, and the values of its word.

use crate::value::{BATCH_CELLS, Value};

/// The bit of the word by which the key is being fetched.
pub const FETCHING: u16 = 1 << 15;

/// The word of a state that is idle with a key of `generation`.
pub fn idle(generation: u8) -> u16 {
    u16::from(generation) << 1 | 1
}

/// An address in the frame of the call at `depth`: even, not 0, and the same again for a later call at this depth.
pub fn own_tag(depth: usize) -> u16 {
    0x100 + 0x10 * depth as u16
}

/// The opaque state, and what a protocol with an in-use flag stores in addition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The word; with an in-use flag the generation.
    pub word: u16,
    /// The in-use flag.
    pub flag: bool,
    /// Number of unread cells in the batch.
    pub count: u8,
    /// The key.
    pub key: Value,
    /// The batch; the first [`count`](Self::count) cells are unread.
    pub batch: [Value; BATCH_CELLS],
}
