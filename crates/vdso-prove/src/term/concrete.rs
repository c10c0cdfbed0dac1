// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The number that a term is when every symbol is a number: the reference for the rules that simplify terms.

use super::value::mask;
use super::{Atom, AtomId, Slice, Terms, Value};
use foldhash::{HashMap, HashMapExt};

/// Numbers for symbols, and for the atoms that were already computed from them.
#[derive(Default)]
pub struct Assignment(HashMap<AtomId, u64>);

impl Assignment {
    /// No symbol has a number yet.
    pub fn new() -> Self {
        Self(HashMap::new())
    }

    /// Gives a symbol, which is a whole value, its number.
    ///
    /// # Panics
    /// The value is not one atom.
    pub fn set(&mut self, symbol: &Value, number: u64) {
        let (atom, width) = symbol.as_atom().expect("a symbol as a whole");
        self.0.insert(atom, number & mask(width));
    }
}

impl Terms {
    /// The number of a value of at most 64 bits; `None` if a symbol has no number.
    pub fn number(&self, value: &Value, assignment: &mut Assignment) -> Option<u64> {
        let (mut number, mut at) = (0, 0);
        for slice in value.slices() {
            let bits = match *slice {
                Slice::Constant { bits, .. } => bits,
                Slice::Part { atom, low, width } => self.number_of_atom(atom, assignment)? >> low & mask(width),
            };
            number |= bits << at;
            at += slice.width();
        }
        Some(number)
    }

    fn number_of_atom(&self, id: AtomId, assignment: &mut Assignment) -> Option<u64> {
        if let Some(number) = assignment.0.get(&id) {
            return Some(*number);
        }
        let mut of = |value: &Value| self.number(value, assignment);
        let number = match self.atom(id) {
            Atom::Symbol { .. } => return None,
            Atom::Sum { constant, terms, .. } => terms
                .iter()
                .try_fold(*constant, |sum, (term, factor)| Some(sum.wrapping_add(of(term)?.wrapping_mul(*factor))))?,
            Atom::Xor { terms, .. } => terms.iter().try_fold(0, |sum, term| Some(sum ^ of(term)?))?,
            Atom::And { left, right } => of(left)? & of(right)?,
            Atom::Or { left, right } => of(left)? | of(right)?,
            Atom::IsZero { of: value } => u64::from(of(value)? == 0),
            Atom::Less { left, right } => u64::from(of(left)? < of(right)?),
        } & mask(self.atom(id).width());
        assignment.0.insert(id, number);
        Some(number)
    }
}
