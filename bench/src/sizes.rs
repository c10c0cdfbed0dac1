// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The sizes of requests.

use crate::peers::Name;
use serde::{Serialize, Serializer};
use std::fmt;
use vdso_abi::state::GROUP_LEN;

/// The size of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// The same number of bytes in each call.
    Fixed(usize),
    /// 1 to [`MIXED_MAX`] bytes in random order, which no branch predictor can learn.
    Mixed,
}

/// The largest request among the mixed ones.
pub const MIXED_MAX: usize = 32;
/// The largest request of all.
pub const LARGEST: usize = 1 << 20;

/// All sizes, in the order of the tables.
pub const SIZES: [Size; 12] = [
    Size::Fixed(4),
    Size::Fixed(8),
    Size::Fixed(16),
    Size::Fixed(32),
    Size::Fixed(64),
    Size::Fixed(256),
    Size::Fixed(512),
    Size::Fixed(1 << 10),
    Size::Fixed(4 << 10),
    Size::Fixed(64 << 10),
    Size::Fixed(LARGEST),
    Size::Mixed,
];

impl Size {
    /// Whether a peer supports this size: keystream comes in whole groups.
    pub fn suits(self, name: Name) -> bool {
        match self {
            Self::Fixed(len) => !name.is_keystream() || len.is_multiple_of(GROUP_LEN),
            Self::Mixed => !name.is_keystream(),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match *self {
            Self::Fixed(len) if len >= 1 << 20 => format!("{} MiB", len >> 20),
            Self::Fixed(len) if len >= 1 << 10 => format!("{} KiB", len >> 10),
            Self::Fixed(len) => format!("{len} B"),
            Self::Mixed => format!("1-{MIXED_MAX} B"),
        };
        f.pad(&text)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
