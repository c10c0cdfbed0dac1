// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Bitwise operations. They split where an operand is constant, at each change between zeros and ones for masks; elsewhere
//! a whole operand is one part of the result.

use super::value::mask;
use super::{Atom, Slice, Terms, Value};

/// A bitwise operation on two operands.
#[derive(Clone, Copy)]
enum Operation {
    And,
    Or,
    Xor,
}

impl Terms {
    /// Bits that are set in both values of one width.
    pub fn and(&mut self, left: &Value, right: &Value) -> Value {
        self.bitwise(Operation::And, left, right)
    }

    /// Bits that are set in any of two values of one width.
    pub fn or(&mut self, left: &Value, right: &Value) -> Value {
        self.bitwise(Operation::Or, left, right)
    }

    /// Bits that differ in two values of one width.
    pub fn xor(&mut self, left: &Value, right: &Value) -> Value {
        self.bitwise(Operation::Xor, left, right)
    }

    /// Every bit changed.
    pub fn not(&mut self, value: &Value) -> Value {
        let width = value.width();
        self.xor(value, &Value::constant(u64::MAX, width))
    }

    fn bitwise(&mut self, operation: Operation, left: &Value, right: &Value) -> Value {
        assert_eq!(left.width(), right.width(), "operands of one width");
        let edges = edges(left, right, !matches!(operation, Operation::Xor));
        let pieces: Vec<Value> = edges
            .windows(2)
            .map(|edge| {
                let (from, width) = (edge[0], edge[1] - edge[0]);
                self.piece(operation, &left.extract(from, width), &right.extract(from, width))
            })
            .collect();
        Value::concat(&pieces)
    }

    /// The operation on operands each of which is constant or has no constant bit.
    fn piece(&mut self, operation: Operation, left: &Value, right: &Value) -> Value {
        let (all, width) = (mask(left.width()), left.width());
        match (operation, left.as_constant(), right.as_constant()) {
            (Operation::And, Some(left), Some(right)) => Value::constant(left & right, width),
            (Operation::Or, Some(left), Some(right)) => Value::constant(left | right, width),
            (Operation::Xor, Some(left), Some(right)) => Value::constant(left ^ right, width),
            (Operation::And, Some(0), _) | (Operation::And, _, Some(0)) => Value::zero(width),
            (Operation::And, Some(bits), _) if bits == all => right.clone(),
            (Operation::And, _, Some(bits)) if bits == all => left.clone(),
            (Operation::Or | Operation::Xor, Some(0), _) => right.clone(),
            (Operation::Or | Operation::Xor, _, Some(0)) => left.clone(),
            (Operation::Or, Some(bits), _) | (Operation::Or, _, Some(bits)) if bits == all => {
                Value::constant(all, width)
            }
            (Operation::And | Operation::Or, ..) if left == right => left.clone(),
            (Operation::Xor, ..) => self.exclusive(left, right),
            (Operation::And, ..) => {
                let (left, right) = ordered(left, right);
                Value::of_atom(self.intern(Atom::And { left, right }), width)
            }
            (Operation::Or, ..) => {
                let (left, right) = ordered(left, right);
                Value::of_atom(self.intern(Atom::Or { left, right }), width)
            }
        }
    }

    /// The exclusive or, in which equal operands cancel out.
    fn exclusive(&mut self, left: &Value, right: &Value) -> Value {
        let width = left.width();
        let (mut constant, mut terms) = (0, Vec::new());
        for value in [left, right] {
            match value.as_atom().map(|(atom, slice)| (self.atom(atom), slice)) {
                Some((Atom::Xor { width, terms: inner }, slice)) if *width == slice => {
                    terms.extend(inner.iter().cloned());
                }
                _ => terms.push(value.clone()),
            }
        }
        terms.retain(|term| match term.as_constant() {
            Some(bits) => {
                constant ^= bits;
                false
            }
            None => true,
        });
        terms.sort();
        let mut kept: Vec<Value> = Vec::with_capacity(terms.len());
        for term in terms {
            if kept.last() == Some(&term) {
                kept.pop();
            } else {
                kept.push(term);
            }
        }
        if kept.is_empty() || constant != 0 {
            kept.push(Value::constant(constant, width));
        }
        match kept.as_slice() {
            [value] => value.clone(),
            _ => Value::of_atom(self.intern(Atom::Xor { width, terms: kept.into() }), width),
        }
    }
}

/// The bit positions at which any of two values begins or ends to be constant, their ends included; with `masks` also those
/// at which a constant changes between zeros and ones.
fn edges(left: &Value, right: &Value, masks: bool) -> Vec<u32> {
    let mut edges = vec![0, left.width()];
    for value in [left, right] {
        let mut at = 0;
        for slice in value.slices() {
            let end = at + slice.width();
            if let Slice::Constant { bits, width } = slice {
                edges.extend([at, end]);
                let changes = |bit: &u32| masks && (bits >> bit & 1) != (bits >> (bit - 1) & 1);
                edges.extend((1..*width).filter(changes).map(|bit| at + bit));
            }
            at = end;
        }
    }
    edges.sort_unstable();
    edges.dedup();
    edges
}

fn ordered(left: &Value, right: &Value) -> (Value, Value) {
    if left <= right { (left.clone(), right.clone()) } else { (right.clone(), left.clone()) }
}
