// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Atoms: symbols, and operations in the normal form that makes equal ones equal.

use super::Value;

/// The name of an unknown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Symbol {
    /// An input that has a name in the claims, such as `counter`.
    Named(&'static str),
    /// Element `.1` of an input, such as `key[3]`.
    Indexed(&'static str, u32),
}

/// An unknown or an operation on values. Widths are in bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Atom {
    /// An unknown.
    Symbol {
        /// Its name.
        name: Symbol,
        /// Its width.
        width: u32,
        /// Whether an attacker must not learn of it.
        secret: bool,
    },
    /// A constant and multiples of values, modulo 2 to the width.
    Sum {
        /// The width of the sum and of each value.
        width: u32,
        /// The constant.
        constant: u64,
        /// Values in ascending order, none twice, with factors that are not 0.
        terms: Box<[(Value, u64)]>,
    },
    /// The exclusive or of values, none of which is there twice.
    Xor {
        /// The width of each value.
        width: u32,
        /// In ascending order, none of them zero.
        terms: Box<[Value]>,
    },
    /// Bits that are set in both values, the smaller one first.
    And {
        /// The smaller one.
        left: Value,
        /// The other one.
        right: Value,
    },
    /// Bits that are set in any of two values, the smaller one first.
    Or {
        /// The smaller one.
        left: Value,
        /// The other one.
        right: Value,
    },
    /// One bit: whether a value is zero.
    IsZero {
        /// The value.
        of: Value,
    },
    /// One bit: whether one number is below another, both without a sign.
    Less {
        /// The number that is below.
        left: Value,
        /// The other number.
        right: Value,
    },
}

impl Atom {
    /// The number of bits.
    pub fn width(&self) -> u32 {
        match self {
            Self::Symbol { width, .. } | Self::Sum { width, .. } | Self::Xor { width, .. } => *width,
            Self::And { left, .. } | Self::Or { left, .. } => left.width(),
            Self::IsZero { .. } | Self::Less { .. } => 1,
        }
    }
}
