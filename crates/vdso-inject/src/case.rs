// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The calls that are interrupted: entry point, CPU level, data page, state and length.

use crate::target::Target;
use std::fmt;
use vdso_abi::rng_data::simd;
use vdso_abi::state::{BATCH_LEN, GROUP_LEN};

/// Lengths on every path of a call, in bytes: each size class of the copy, around a whole batch, exact groups of blocks, and
/// groups with a tail.
pub const LENS: [usize; 13] =
    [1, 4, 15, 16, 32, 33, 100, BATCH_LEN - 1, BATCH_LEN, BATCH_LEN + 1, GROUP_LEN, GROUP_LEN + 128, 4096 + 37];

/// An exported function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `__vdso_vgetrandom`, with four arguments.
    Vgetrandom,
    /// `__vdso_getrandom`, with five.
    Getrandom,
}

/// The contents of the data pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataPage {
    /// A generation in the default data page.
    Default,
    /// A generation in the time-namespace data page, and zeros in the default one.
    TimeNamespace,
    /// Generation 0, although the generator is ready.
    NoGeneration,
}

/// The state before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// All zero.
    Fresh,
    /// A batch that nothing was taken from.
    Full,
    /// Half a batch.
    PartUsed,
    /// Four bytes of a batch.
    NearlyEmpty,
    /// A key, and no byte of a batch.
    Empty,
    /// Half a batch of an old generation.
    Stale,
}

impl Fill {
    const ALL: [Self; 6] = [Self::Fresh, Self::Full, Self::PartUsed, Self::NearlyEmpty, Self::Empty, Self::Stale];

    /// The lengths of the draws that make it out of a fresh state whose batches have `batch` bytes; 0 is none.
    pub fn draws(self, batch: usize) -> [usize; 2] {
        match self {
            Self::Fresh => [0, 0],
            // Direct blocks alone: the refill after them stays whole.
            Self::Full => [GROUP_LEN, 0],
            Self::PartUsed | Self::Stale => [batch, batch / 2],
            Self::NearlyEmpty => [batch - 4, 0],
            Self::Empty => [batch, 0],
        }
    }
}

/// One call to be interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// Through which function.
    pub entry: Entry,
    /// Value of the `simd` byte.
    pub simd: u8,
    /// The contents of the data pages.
    pub data_page: DataPage,
    /// From which state.
    pub fill: Fill,
    /// How many bytes, as an index into [`LENS`].
    pub len_index: usize,
}

impl Case {
    /// How many bytes.
    pub fn draw_len(&self) -> usize {
        LENS[self.len_index]
    }

    /// All cases that a target has. Data pages other than the default get a few lengths and states.
    pub fn all(target: &Target) -> Vec<Self> {
        let mut cases = Vec::new();
        for &data_page in target.data_pages() {
            for &entry in target.entries() {
                for &simd in target.levels() {
                    for fill in Fill::ALL {
                        for len_index in 0..LENS.len() {
                            cases.push(Self { entry, simd, data_page, fill, len_index });
                        }
                    }
                }
            }
        }
        cases.retain(|case| case.is_telling(target));
        cases
    }

    /// Whether the case adds something to the others.
    fn is_telling(&self, target: &Target) -> bool {
        let few = matches!(self.draw_len(), 16 | 100 | 640);
        match (self.data_page, self.fill) {
            (_, Fill::Stale) if !target.moves_generation() => false,
            (DataPage::Default, _) => true,
            (DataPage::TimeNamespace, Fill::Fresh | Fill::Full) => few,
            // No state is ever filled without a generation.
            (DataPage::NoGeneration, Fill::Fresh) => few,
            _ => false,
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = match self.entry {
            Entry::Vgetrandom => "__vdso_vgetrandom",
            Entry::Getrandom => "__vdso_getrandom",
        };
        let simd = match self.simd {
            simd::SSE2 => "SSE2",
            simd::AVX2 => "AVX2",
            _ => "AVX-512",
        };
        let fill = match self.fill {
            Fill::Fresh => "a fresh state",
            Fill::Full => "a full batch",
            Fill::PartUsed => "half a batch",
            Fill::NearlyEmpty => "4 bytes of a batch",
            Fill::Empty => "an empty batch",
            Fill::Stale => "a stale state",
        };
        write!(f, "{} bytes by {entry} from {fill}, {simd}", self.draw_len())?;
        match self.data_page {
            DataPage::Default => Ok(()),
            DataPage::TimeNamespace => write!(f, ", in a time namespace"),
            DataPage::NoGeneration => write!(f, ", generation 0"),
        }
    }
}
