// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Memory: bytes by the region that their address is based on, and the record of all accesses.

use crate::fault::{Claim, Fault};
use crate::program::Program;
use crate::term::{Symbol, Terms, Value};
use foldhash::{HashMap, HashMapExt};
use vdso_abi::state::{BATCH_LEN, KEY_LEN, STATE_LEN};

/// A part of memory that no other one overlaps: a fact which the theorem assumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Region {
    /// The opaque state.
    State,
    /// The caller's buffer.
    Output,
    /// The stack, from the stack pointer at entry downwards.
    Stack,
    /// The program itself, at its own addresses.
    Image,
    /// Addresses beside the program that the kernel shares with it.
    Shared,
}

/// An address: a region and the distance from its start, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The region.
    pub region: Region,
    /// Bytes from its start; for image and shared data, the address.
    pub offset: i64,
}

/// One access to memory.
#[derive(Clone, Debug)]
pub struct Access {
    /// The address of the instruction.
    pub instruction: u64,
    /// Where it begins.
    pub place: Place,
    /// Its length, in bytes.
    pub len: i64,
    /// The value, if it is a store.
    pub stored: Option<Value>,
}

/// Offset of the word in a state, in bytes.
pub const WORD: i64 = (KEY_LEN + BATCH_LEN) as i64;

/// Length of the word, in bytes.
pub const WORD_LEN: i64 = 8;

/// Bytes that were stored, and the accesses so far.
#[derive(Clone, Default)]
pub struct Memory {
    bytes: HashMap<Place, Value>,
    accesses: Vec<Access>,
    words: u32,
    shared: u32,
}

impl Access {
    /// Whether the access touches bytes `from..to` of a region.
    pub fn touches(&self, region: Region, from: i64, to: i64) -> bool {
        self.place.region == region && self.place.offset < to && from < self.place.offset + self.len
    }

    /// Whether the access lies within bytes `from..to` of a region.
    pub fn is_within(&self, region: Region, from: i64, to: i64) -> bool {
        self.place.region == region && from <= self.place.offset && self.place.offset + self.len <= to
    }
}

impl Memory {
    /// Nothing stored.
    pub fn new() -> Self {
        Self { bytes: HashMap::new(), accesses: Vec::new(), words: 0, shared: 0 }
    }

    /// All accesses, in their order.
    pub fn accesses(&self) -> &[Access] {
        &self.accesses
    }

    /// Loads `width` bits. The word of the state and shared data are another symbol at each load: other threads of control
    /// and the kernel change them.
    ///
    /// # Errors
    /// [`Claim::Memory`]: nothing may be loaded from there.
    pub fn load(
        &mut self,
        terms: &mut Terms,
        program: &Program,
        instruction: u64,
        place: Place,
        width: u32,
    ) -> Result<Value, Fault> {
        let access = Access { instruction, place, len: i64::from(width / 8), stored: None };
        let is_word = access.touches(Region::State, WORD, WORD + WORD_LEN);
        self.accesses.push(access);
        if place.region == Region::Shared {
            self.shared += 1;
            return Ok(terms.symbol(Symbol::Indexed("shared", self.shared), width, false));
        }
        if is_word {
            if place.offset != WORD || i64::from(width / 8) != WORD_LEN {
                return Err(Fault::new(Claim::Memory, "load of a part of the state's word"));
            }
            self.words += 1;
            return Ok(terms.symbol(Symbol::Indexed("word", self.words), width, false));
        }
        let bytes: Vec<Value> = (0..i64::from(width / 8))
            .map(|at| self.byte(terms, program, Place { offset: place.offset + at, ..place }))
            .collect::<Result<_, _>>()?;
        Ok(Value::concat(&bytes))
    }

    /// Sets what memory holds at the start.
    pub fn preset(&mut self, place: Place, value: &Value) {
        for (at, byte) in value.lanes(8).into_iter().enumerate() {
            self.bytes.insert(Place { offset: place.offset + at as i64, ..place }, byte);
        }
    }

    /// Stores a value of whole bytes.
    pub fn store(&mut self, instruction: u64, place: Place, value: &Value) {
        self.preset(place, value);
        let len = i64::from(value.width() / 8);
        self.accesses.push(Access { instruction, place, len, stored: Some(value.clone()) });
    }

    /// The bits that were stored at a place, without an access; `None` where any byte was not stored.
    pub fn stored(&self, place: Place, width: u32) -> Option<Value> {
        let bytes: Option<Vec<&Value>> =
            (0..i64::from(width / 8)).map(|at| self.bytes.get(&Place { offset: place.offset + at, ..place })).collect();
        bytes.map(Value::concat)
    }

    fn byte(&self, terms: &mut Terms, program: &Program, place: Place) -> Result<Value, Fault> {
        if let Some(byte) = self.bytes.get(&place) {
            return Ok(byte.clone());
        }
        match place.region {
            Region::State => state_byte(terms, place.offset),
            Region::Image => {
                program.byte(place.offset as u64).map(|byte| Value::constant(u64::from(byte), 8)).ok_or_else(|| {
                    Fault::new(Claim::Memory, format!("load from {:#x}, outside of the image", place.offset))
                })
            }
            Region::Output => Err(Fault::new(Claim::Memory, "load from the caller's buffer")),
            Region::Stack | Region::Shared => Err(Fault::new(Claim::Memory, "load of what was not stored")),
        }
    }
}

/// Words of the key as symbols, the same for the specification and the routine.
pub fn key_word(terms: &mut Terms, index: u32) -> Value {
    terms.symbol(Symbol::Indexed("key", index), 32, true)
}

/// A byte of the state as it was at the start. Key and batch are secrets: a drained batch has remains of the cipher.
fn state_byte(terms: &mut Terms, offset: i64) -> Result<Value, Fault> {
    let Ok(at) = usize::try_from(offset) else {
        return Err(Fault::new(Claim::Memory, "load from before the state"));
    };
    let word = (at / 4) as u32;
    let value = match at {
        0..KEY_LEN => key_word(terms, word),
        _ if at < KEY_LEN + BATCH_LEN => terms.symbol(Symbol::Indexed("batch", word), 32, true),
        _ if at < STATE_LEN => terms.symbol(Symbol::Indexed("state", word), 32, false),
        _ => return Err(Fault::new(Claim::Memory, "load from after the state")),
    };
    Ok(value.extract((at % 4) as u32 * 8, 8))
}
