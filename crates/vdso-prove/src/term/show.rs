// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Terms as text for findings, cut short where they are deep.

use super::{Atom, AtomId, Slice, Symbol, Terms, Value};

/// Operations within operations that are written out.
const DEPTH: u32 = 3;

/// Operands of one operation that are written out.
const OPERANDS: usize = 4;

impl Terms {
    /// A value as text: pieces from the highest to the lowest bits, `…` for what is left out.
    pub fn text(&self, value: &Value) -> String {
        self.value_text(value, DEPTH)
    }

    /// The parts of two values in which they differ: where both are the same operation on operands of which one pair differs,
    /// those operands, and so on.
    pub fn parting(&self, left: &Value, right: &Value) -> (Value, Value) {
        let (mut left, mut right) = (left.clone(), right.clone());
        while let Some((inner_left, inner_right)) = self.inner_parting(&left, &right) {
            (left, right) = (inner_left, inner_right);
        }
        (left, right)
    }

    fn inner_parting(&self, left: &Value, right: &Value) -> Option<(Value, Value)> {
        let (left, right) = (left.slices(), right.slices());
        if left.len() != right.len() {
            return None;
        }
        let mut pairs = left.iter().zip(right).filter(|(left, right)| left != right);
        let (Slice::Part { atom: left, low, width }, Slice::Part { atom: right, low: other, width: same }) =
            pairs.next()?
        else {
            return None;
        };
        if (low, width) != (other, same) {
            return None;
        }
        let only = |of: &[Value], not: &[Value]| -> Option<Value> {
            let mut rest = of.iter().filter(|value| !not.contains(value));
            rest.next().filter(|_| rest.next().is_none()).cloned()
        };
        let (left, right) = (self.operands(*left)?, self.operands(*right)?);
        Some((only(&left, &right)?, only(&right, &left)?))
    }

    /// The operands of a sum without factors, or of an exclusive or.
    fn operands(&self, atom: AtomId) -> Option<Vec<Value>> {
        match self.atom(atom) {
            Atom::Sum { constant: 0, terms, .. } if terms.iter().all(|(_, factor)| *factor == 1) => {
                Some(terms.iter().map(|(term, _)| term.clone()).collect())
            }
            Atom::Xor { terms, .. } => Some(terms.to_vec()),
            _ => None,
        }
    }

    fn value_text(&self, value: &Value, depth: u32) -> String {
        let pieces: Vec<String> = value.slices().iter().rev().map(|slice| self.slice_text(*slice, depth)).collect();
        if pieces.len() == 1 { pieces.concat() } else { format!("[{}]", pieces.join(" ")) }
    }

    fn slice_text(&self, slice: Slice, depth: u32) -> String {
        match slice {
            Slice::Constant { bits, .. } => format!("{bits:#x}"),
            Slice::Part { atom, low, width } => {
                let text = self.atom_text(atom, depth);
                if low == 0 && width == self.atom(atom).width() {
                    text
                } else {
                    format!("{text}<{}:{low}>", low + width - 1)
                }
            }
        }
    }

    fn atom_text(&self, id: AtomId, depth: u32) -> String {
        let atom = self.atom(id);
        if let Atom::Symbol { name, .. } = atom {
            return match name {
                Symbol::Named(name) => (*name).to_owned(),
                Symbol::Indexed(name, index) => format!("{name}[{index}]"),
            };
        }
        if depth == 0 {
            return "…".into();
        }
        let of = |value: &Value| self.value_text(value, depth - 1);
        match atom {
            Atom::Symbol { .. } => unreachable!("handled above"),
            Atom::Sum { constant, terms, .. } => {
                let mut parts: Vec<String> = terms.iter().map(|(term, factor)| multiple(of(term), *factor)).collect();
                if *constant != 0 {
                    parts.push(format!("{constant:#x}"));
                }
                joined(parts, " + ")
            }
            Atom::Xor { terms, .. } => joined(terms.iter().map(of).collect(), " ^ "),
            Atom::And { left, right } => joined(vec![of(left), of(right)], " & "),
            Atom::Or { left, right } => joined(vec![of(left), of(right)], " | "),
            Atom::IsZero { of: value } => format!("({} == 0)", of(value)),
            Atom::Less { left, right } => format!("({} < {})", of(left), of(right)),
        }
    }
}

fn multiple(text: String, factor: u64) -> String {
    if factor == 1 { text } else { format!("{factor:#x}*{text}") }
}

fn joined(mut parts: Vec<String>, operator: &str) -> String {
    if parts.len() > OPERANDS {
        parts.truncate(OPERANDS);
        parts.push("…".into());
    }
    format!("({})", parts.join(operator))
}
