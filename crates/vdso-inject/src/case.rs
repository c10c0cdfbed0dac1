// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The calls that are interrupted: entry point, cipher, place of the data, state and length.

use crate::subject::Subject;
use std::fmt;
use vdso_abi::rng_data::simd;
use vdso_abi::state::GROUP_LEN;

/// Lengths on every path of a call, in bytes: each size class of the copy, around a whole batch, exact groups of blocks, and
/// groups with a tail.
pub const LENS: [usize; 13] = [1, 4, 15, 16, 32, 33, 100, 463, 464, 465, 512, 640, 4096 + 37];

/// An exported function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// `__vdso_vgetrandom`, with four arguments.
    Vgetrandom,
    /// `__vdso_getrandom`, with five.
    Getrandom,
}

/// What the shared data says, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A generation at the usual place.
    Usual,
    /// A generation at the time-namespace page, and zeros at the usual place.
    TimeNamespace,
    /// Generation 0, although the generator is ready.
    NoGeneration,
}

/// What has become of the state before the call.
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
            // Direct blocks alone, and so behind them a refill that nothing is taken from.
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
    /// What the shared data says.
    pub place: Place,
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

    /// All cases that a subject has. The unusual places get a few lengths and states of their own.
    pub fn all(subject: &Subject) -> Vec<Self> {
        let mut cases = Vec::new();
        for &place in subject.places() {
            for &entry in subject.entries() {
                for &simd in subject.levels() {
                    for fill in Fill::ALL {
                        for len_index in 0..LENS.len() {
                            cases.push(Self { entry, simd, place, fill, len_index });
                        }
                    }
                }
            }
        }
        cases.retain(|case| case.is_telling(subject));
        cases
    }

    /// Whether the case adds something to the others.
    fn is_telling(&self, subject: &Subject) -> bool {
        let few = matches!(self.draw_len(), 16 | 100 | 640);
        match (self.place, self.fill) {
            (_, Fill::Stale) if !subject.moves_generation() => false,
            (Place::Usual, _) => true,
            (Place::TimeNamespace, Fill::Fresh | Fill::Full) => few,
            // No state is ever filled without a generation.
            (Place::NoGeneration, Fill::Fresh) => few,
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
        match self.place {
            Place::Usual => Ok(()),
            Place::TimeNamespace => write!(f, ", in a time namespace"),
            Place::NoGeneration => write!(f, ", generation 0"),
        }
    }
}
