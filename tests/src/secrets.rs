// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Bytes that must not be found where they do not belong.

use crate::model::keystream;
use std::collections::HashSet;
use vdso_abi::state::{BLOCK_LEN, KEY_LEN};

/// Length of what is searched for, in bytes: short enough for half a vector register, too long for chance.
const WINDOW: usize = 8;
/// Length of a word of the cipher, in bytes (RFC 8439, section 2.3).
const WORD: usize = 4;

/// Every eight neighbouring bytes of some secrets.
#[derive(Default)]
pub struct Secrets {
    windows: HashSet<[u8; WINDOW]>,
}

impl Secrets {
    /// Adds a secret. Eight zeros are none: they are what a wiped secret leaves.
    pub fn add(&mut self, secret: &[u8]) {
        let windows = secret.windows(WINDOW).filter(|window| *window != [0; WINDOW]);
        self.windows.extend(windows.map(|window| <[u8; WINDOW]>::try_from(window).expect("as long as a window")));
    }

    /// Adds a key and the first `blocks` blocks that are made from it: in their own order, and in that of registers which
    /// hold one word of several blocks side by side.
    pub fn add_key(&mut self, key: &[u8; KEY_LEN], blocks: usize) {
        self.add(key);
        let stream = keystream(key, 0, blocks);
        self.add(&stream);
        for at in (0..BLOCK_LEN).step_by(WORD) {
            let column = stream.chunks(BLOCK_LEN).flat_map(|block| &block[at..at + WORD]).copied();
            self.add(&column.collect::<Vec<_>>());
        }
    }

    /// Offsets at which `memory` holds eight bytes of a secret.
    pub fn found_in<'a>(&'a self, memory: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        let windows = memory.windows(WINDOW).enumerate();
        windows.filter(|(_, window)| self.windows.contains(*window)).map(|(offset, _)| offset)
    }
}
