// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Sums modulo a power of two, and comparisons. Values of one operation are at most 64 bits wide.

use super::value::mask;
use super::{Atom, Slice, Terms, Value};

/// A sum while it is put together.
struct Linear {
    constant: u64,
    terms: Vec<(Value, u64)>,
}

impl Terms {
    /// The sum of two values of one width.
    pub fn add(&mut self, left: &Value, right: &Value) -> Value {
        self.linear(&[(left, 1), (right, 1)], left.width())
    }

    /// One value less another one of its width.
    pub fn subtract(&mut self, left: &Value, right: &Value) -> Value {
        self.linear(&[(left, 1), (right, u64::MAX)], left.width())
    }

    /// A value and a number.
    pub fn add_constant(&mut self, value: &Value, number: u64) -> Value {
        let width = value.width();
        self.add(value, &Value::constant(number, width))
    }

    /// A value times a number.
    pub fn multiply(&mut self, value: &Value, factor: u64) -> Value {
        self.linear(&[(value, factor)], value.width())
    }

    /// One bit: whether a value is zero.
    pub fn is_zero(&mut self, value: &Value) -> Value {
        if let Some(bits) = value.as_constant() {
            return Value::constant(u64::from(bits == 0), 1);
        }
        if value.slices().iter().any(|slice| matches!(slice, Slice::Constant { bits, .. } if *bits != 0)) {
            return Value::constant(0, 1);
        }
        // A sum and its negative are zero together: the smaller one stands for both.
        let negative = self.multiply(value, u64::MAX);
        let of = negative.min(value.clone());
        Value::of_atom(self.intern(Atom::IsZero { of }), 1)
    }

    /// One bit: whether `left` is below `right`, both without a sign.
    pub fn less(&mut self, left: &Value, right: &Value) -> Value {
        match (left.as_constant(), right.as_constant()) {
            (Some(left), Some(right)) => Value::constant(u64::from(left < right), 1),
            (_, Some(0)) => Value::constant(0, 1),
            _ if left == right => Value::constant(0, 1),
            _ => {
                let atom = Atom::Less { left: left.clone(), right: right.clone() };
                Value::of_atom(self.intern(atom), 1)
            }
        }
    }

    /// A value as a constant and multiples of values, modulo 2 to its width.
    pub fn linear_form(&self, value: &Value) -> (u64, Vec<(Value, u64)>) {
        let mut linear = Linear { constant: 0, terms: Vec::new() };
        self.add_multiple(&mut linear, value, 1);
        (linear.constant & mask(value.width()), linear.terms)
    }

    fn linear(&mut self, summands: &[(&Value, u64)], width: u32) -> Value {
        let mut linear = Linear { constant: 0, terms: Vec::new() };
        for (value, factor) in summands {
            assert_eq!(value.width(), width, "a sum of values of one width");
            self.add_multiple(&mut linear, value, *factor);
        }
        let constant = linear.constant & mask(width);
        linear.terms.sort();
        let mut terms: Vec<(Value, u64)> = Vec::with_capacity(linear.terms.len());
        for (value, factor) in linear.terms {
            match terms.last_mut() {
                Some((last, sum)) if *last == value => *sum = sum.wrapping_add(factor),
                _ => terms.push((value, factor)),
            }
        }
        terms.iter_mut().for_each(|(_, factor)| *factor &= mask(width));
        terms.retain(|(_, factor)| *factor != 0);
        match terms.as_slice() {
            [] => Value::constant(constant, width),
            [(value, 1)] if constant == 0 => value.clone(),
            _ => Value::of_atom(self.intern(Atom::Sum { width, constant, terms: terms.into() }), width),
        }
    }

    fn add_multiple(&self, linear: &mut Linear, value: &Value, factor: u64) {
        if let Some(bits) = value.as_constant() {
            linear.constant = linear.constant.wrapping_add(bits.wrapping_mul(factor));
            return;
        }
        if let Some((atom, slice)) = value.as_atom()
            && let Atom::Sum { width, constant, terms } = self.atom(atom)
            && *width == slice
        {
            linear.constant = linear.constant.wrapping_add(constant.wrapping_mul(factor));
            linear.terms.extend(terms.iter().map(|(term, times)| (term.clone(), times.wrapping_mul(factor))));
            return;
        }
        linear.terms.push((value.clone(), factor));
    }
}
