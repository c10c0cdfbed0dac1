// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A value: a string of bits, each piece of which is a constant or a slice of an atom.

use std::rc::Rc;

/// The number of an atom in [`Terms`](super::Terms). Equal atoms have equal numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AtomId(pub(super) u32);

/// A piece of a value, at most 64 bits wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slice {
    /// Known bits; those above the width are zero.
    Constant {
        /// The bits.
        bits: u64,
        /// Their number.
        width: u32,
    },
    /// Bits of an atom.
    Part {
        /// The atom.
        atom: AtomId,
        /// The lowest of its bits that belongs to the slice.
        low: u32,
        /// The number of bits.
        width: u32,
    },
}

/// Bits from the lowest to the highest, in the one form that equal bits have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(Rc<[Slice]>);

/// The low `width` bits set, `width` at most 64.
pub(super) fn mask(width: u32) -> u64 {
    if width >= 64 { u64::MAX } else { (1 << width) - 1 }
}

impl Slice {
    /// The number of bits.
    pub fn width(self) -> u32 {
        match self {
            Self::Constant { width, .. } | Self::Part { width, .. } => width,
        }
    }

    /// `width` bits from bit `from` on, all of them within the slice.
    fn cut(self, from: u32, width: u32) -> Self {
        match self {
            Self::Constant { bits, .. } => Self::Constant { bits: bits >> from & mask(width), width },
            Self::Part { atom, low, .. } => Self::Part { atom, low: low + from, width },
        }
    }
}

impl Value {
    /// `width` known bits, at most 64.
    pub fn constant(bits: u64, width: u32) -> Self {
        Self([Slice::Constant { bits: bits & mask(width), width }].into())
    }

    /// `width` zero bits.
    pub fn zero(width: u32) -> Self {
        let mut builder = Builder::default();
        for _ in 0..width / 64 {
            builder.push(Slice::Constant { bits: 0, width: 64 });
        }
        if !width.is_multiple_of(64) {
            builder.push(Slice::Constant { bits: 0, width: width % 64 });
        }
        builder.value()
    }

    /// All bits of an atom.
    pub(super) fn of_atom(atom: AtomId, width: u32) -> Self {
        Self([Slice::Part { atom, low: 0, width }].into())
    }

    /// The pieces, from the lowest bits to the highest.
    pub fn slices(&self) -> &[Slice] {
        &self.0
    }

    /// The number of bits.
    pub fn width(&self) -> u32 {
        self.0.iter().map(|slice| slice.width()).sum()
    }

    /// The bits of a constant of at most 64 bits.
    pub fn as_constant(&self) -> Option<u64> {
        match *self.0 {
            [Slice::Constant { bits, .. }] => Some(bits),
            _ => None,
        }
    }

    /// The atom of a value that is all bits of one atom, of the width `width` of that atom.
    pub(super) fn as_atom(&self) -> Option<(AtomId, u32)> {
        match *self.0 {
            [Slice::Part { atom, low: 0, width }] => Some((atom, width)),
            _ => None,
        }
    }

    /// Whether every bit is known to be zero.
    pub fn is_zero(&self) -> bool {
        self.0.iter().all(|slice| matches!(slice, Slice::Constant { bits: 0, .. }))
    }

    /// `width` bits from bit `from` on.
    ///
    /// # Panics
    /// The value is narrower.
    pub fn extract(&self, from: u32, width: u32) -> Self {
        let (mut builder, mut at, end) = (Builder::default(), 0, from + width);
        for slice in self.0.iter() {
            let (start, stop) = (at.max(from), (at + slice.width()).min(end));
            if start < stop {
                builder.push(slice.cut(start - at, stop - start));
            }
            at += slice.width();
        }
        assert!(end <= at, "bits {from}..{end} of a value of {at} bits");
        builder.value()
    }

    /// The values one above the other, the first one lowest.
    pub fn concat<'a>(values: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut builder = Builder::default();
        for value in values {
            value.0.iter().for_each(|slice| builder.push(*slice));
        }
        builder.value()
    }

    /// The same bits with zeros above them, `width` in all; bits above `width` are lost.
    pub fn resized(&self, width: u32) -> Self {
        let own = self.width();
        if width <= own { self.extract(0, width) } else { Self::concat([self, &Self::zero(width - own)]) }
    }

    /// The value in lanes of `width` bits, the lowest first.
    pub fn lanes(&self, width: u32) -> Vec<Self> {
        (0..self.width() / width).map(|lane| self.extract(lane * width, width)).collect()
    }
}

/// Joins slices: neighbours of one atom to one slice, constants to pieces of 64 bits.
#[derive(Default)]
struct Builder(Vec<Slice>);

impl Builder {
    fn push(&mut self, next: Slice) {
        match (self.0.last_mut(), next) {
            (Some(Slice::Part { atom, low, width }), Slice::Part { atom: other, low: start, width: more })
                if *atom == other && *low + *width == start =>
            {
                *width += more;
            }
            (Some(Slice::Constant { bits, width }), Slice::Constant { bits: high, width: more }) if *width < 64 => {
                let taken = more.min(64 - *width);
                *bits |= (high & mask(taken)) << *width;
                *width += taken;
                if taken < more {
                    self.0.push(Slice::Constant { bits: high >> taken, width: more - taken });
                }
            }
            _ => self.0.push(next),
        }
    }

    fn value(self) -> Value {
        Value(self.0.into())
    }
}
