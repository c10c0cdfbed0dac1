// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Terms: what a register or a byte of memory holds, as a function of the inputs.
//!
//! A [`Value`] is a list of slices of atoms, so that shifts by constants, rotations, shuffles and halves of registers only
//! move slices. An atom is a symbol or the result of an operation, in a normal form and stored once, so that equal terms are
//! equal numbers. Terms which differ may still be equal for all inputs: then a proof fails, and nothing false is proved.

mod arithmetic;
mod atom;
mod concrete;
mod logic;
mod show;
mod value;

pub use atom::{Atom, Symbol};
pub use concrete::Assignment;
pub use value::{AtomId, Slice, Value};

use foldhash::{HashMap, HashMapExt};

/// All atoms, each once.
pub struct Terms {
    atoms: Vec<Entry>,
    numbers: HashMap<Atom, AtomId>,
}

/// An atom with what is derived from it.
struct Entry {
    atom: Atom,
    secret: bool,
}

impl Terms {
    /// No atom yet.
    pub fn new() -> Self {
        Self { atoms: Vec::new(), numbers: HashMap::new() }
    }

    /// The number of atoms: an atom that comes into being later has this number or a higher one.
    pub fn len(&self) -> usize {
        self.atoms.len()
    }

    /// Whether there is no atom.
    pub fn is_empty(&self) -> bool {
        self.atoms.is_empty()
    }

    /// A symbol as a value: the same one for the same name, width and secrecy.
    pub fn symbol(&mut self, name: Symbol, width: u32, secret: bool) -> Value {
        Value::of_atom(self.intern(Atom::Symbol { name, width, secret }), width)
    }

    /// The atom with a number.
    pub fn atom(&self, id: AtomId) -> &Atom {
        &self.atoms[id.0 as usize].atom
    }

    /// Whether any bit of a value depends on a secret symbol.
    pub fn is_secret(&self, value: &Value) -> bool {
        value.slices().iter().any(|slice| match slice {
            Slice::Constant { .. } => false,
            Slice::Part { atom, .. } => self.atoms[atom.0 as usize].secret,
        })
    }

    /// Whether any atom with number `since` or above depends on a secret.
    pub fn has_secret_atom_since(&self, since: usize) -> bool {
        self.atoms[since..].iter().any(|entry| entry.secret)
    }

    fn intern(&mut self, atom: Atom) -> AtomId {
        if let Some(id) = self.numbers.get(&atom) {
            return *id;
        }
        let secret = match &atom {
            Atom::Symbol { secret, .. } => *secret,
            Atom::Sum { terms, .. } => terms.iter().any(|(term, _)| self.is_secret(term)),
            Atom::Xor { terms, .. } => terms.iter().any(|term| self.is_secret(term)),
            Atom::And { left, right } | Atom::Or { left, right } | Atom::Less { left, right } => {
                self.is_secret(left) || self.is_secret(right)
            }
            Atom::IsZero { of } => self.is_secret(of),
        };
        let id = AtomId(u32::try_from(self.atoms.len()).expect("fewer than 2^32 atoms"));
        self.atoms.push(Entry { atom: atom.clone(), secret });
        self.numbers.insert(atom, id);
        id
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self::new()
    }
}
