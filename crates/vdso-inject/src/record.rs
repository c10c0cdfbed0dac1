// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! All that one side of a run returned. It has no pointers, so that the child of a fork can leave it to its parent.

use std::fmt;
use std::ops::Range;
use vdso_abi::PAGE_SIZE;

/// Which call some bytes came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Origin {
    /// A call before the one that was interrupted.
    Earlier,
    /// The one that was interrupted.
    Interrupted,
    /// A call of a handler.
    Handler,
    /// A call of a handler that was left.
    Abandoned,
    /// A call after the one that was interrupted.
    Later,
}

/// A piece of what was returned.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Part {
    /// Which call.
    pub origin: Origin,
    start: u32,
    len: u32,
}

/// The bytes that the calls of one process returned, and how.
#[derive(Clone)]
#[repr(C)]
pub struct Record {
    /// The result of the interrupted call; 0 if it was abandoned.
    pub returned: isize,
    /// Whether the interrupted call was left.
    pub left: bool,
    /// Whether the event came about.
    pub reached: bool,
    /// Whether the kernel moved the generation during the run.
    pub disturbed: bool,
    /// Where a byte outside of the buffer was written, from its start on.
    pub overrun: Option<isize>,
    /// Whether bytes were left in the buffer of a call that failed.
    pub left_bytes: bool,
    /// The result of another call, if it was not its length.
    pub other_returned: Option<isize>,
    /// System calls of the interrupted call alone.
    pub calls: usize,
    /// Whether it made one of them after the event, or another call fetched the key.
    pub took_notice: bool,
    /// System calls with the arguments of neither a fetch nor the request.
    pub unexpected_calls: usize,
    /// Whether the key went, and no other one was fetched until the first later call had returned.
    pub lacks_key: bool,
    /// System calls of the first later calls.
    pub later_calls: [usize; 3],
    /// The state afterwards; zeros follow its end.
    pub state: [u8; PAGE_SIZE],
    parts: [Part; Self::PARTS],
    part_count: usize,
    bytes: [u8; Self::BYTES],
    byte_count: usize,
}

impl Record {
    const PARTS: usize = 16;
    const BYTES: usize = 3 * PAGE_SIZE;

    /// Nothing yet.
    pub fn new() -> Box<Self> {
        Box::new(Self {
            returned: 0,
            left: false,
            reached: false,
            disturbed: false,
            overrun: None,
            left_bytes: false,
            other_returned: None,
            calls: 0,
            took_notice: false,
            unexpected_calls: 0,
            lacks_key: false,
            later_calls: [0; 3],
            state: [0; PAGE_SIZE],
            parts: [Part { origin: Origin::Earlier, start: 0, len: 0 }; Self::PARTS],
            part_count: 0,
            bytes: [0; Self::BYTES],
            byte_count: 0,
        })
    }

    /// Notes what a call returned.
    ///
    /// # Panics
    /// Where there is no room; no run makes so many calls.
    pub fn push(&mut self, origin: Origin, bytes: &[u8]) {
        let start = self.byte_count;
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        self.parts[self.part_count] = Part { origin, start: start as u32, len: bytes.len() as u32 };
        self.byte_count += bytes.len();
        self.part_count += 1;
    }

    /// The returned bytes, in the order of the returns.
    pub fn parts(&self) -> impl Iterator<Item = (Origin, &[u8])> {
        self.parts[..self.part_count].iter().map(|part| (part.origin, &self.bytes[part.range()]))
    }

    /// The bytes of the interrupted call.
    pub fn interrupted(&self) -> Option<&[u8]> {
        self.parts().find(|(origin, _)| *origin == Origin::Interrupted).map(|(_, bytes)| bytes)
    }
}

impl Part {
    fn range(&self) -> Range<usize> {
        self.start as usize..(self.start + self.len) as usize
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Earlier => "an earlier call",
            Self::Interrupted => "the interrupted call",
            Self::Handler => "a handler's call",
            Self::Abandoned => "a handler's abandoned call",
            Self::Later => "a later call",
        })
    }
}
