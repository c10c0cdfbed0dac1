// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! An input of the fuzzer: the index of a good file, and edits of it.
//!
//! libFuzzer mutates its bytes: one for the good file, twelve for each edit. A kept corpus contains its text, for example
//! `splice .dynsym+0x18=4:0xffffffff file+0x40=cut:0x0`. Every sequence of bytes is a recipe, so that no mutation is wasted.

use crate::places::NAMES;
use crate::seeds::Seed;
use std::fmt;

/// The first byte of an input that is itself the file.
const RAW: u8 = 0xff;
/// The smallest first byte for good files of this machine. These are large, so few inputs use them.
const OF_MACHINE: u8 = 0xf8;
/// The length of an edit in bytes.
const EDIT: usize = 12;
/// The most edits that are applied. Fewer edits find the same sooner.
const MOST_EDITS: usize = 24;
/// The most bytes that one edit copies or inserts.
const MOST_BYTES: usize = 1 << 12;

/// The actions of edits by their indices.
const ACTIONS: [&str; 8] = ["1", "2", "4", "8", "add", "copy", "cut", "insert"];

/// One edit of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edit {
    /// Index in [`NAMES`].
    place: u8,
    /// Index in [`ACTIONS`].
    action: u8,
    /// Offset in the place, in bytes, modulo the length of the place.
    offset: u16,
    /// The value to write or to add, or the source and the length of a copy.
    value: u64,
}

/// A good file and the edits that change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    seed: u8,
    edits: Vec<Edit>,
    raw: Vec<u8>,
}

impl Recipe {
    /// Decodes an input of the fuzzer.
    pub fn of_bytes(input: &[u8]) -> Self {
        let (&seed, rest) = input.split_first().unwrap_or((&0, &[]));
        if seed == RAW {
            return Self { seed, edits: Vec::new(), raw: rest.to_vec() };
        }
        let edits = rest.as_chunks::<EDIT>().0.iter().take(MOST_EDITS).map(|bytes| {
            let [place, action, low, high, value @ ..] = *bytes;
            Edit {
                place: place % NAMES.len() as u8,
                action: action % ACTIONS.len() as u8,
                offset: u16::from_le_bytes([low, high]),
                value: u64::from_le_bytes(value),
            }
        });
        Self { seed, edits: edits.collect(), raw: Vec::new() }
    }

    /// Encodes the recipe as an input of the fuzzer.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.seed];
        for edit in &self.edits {
            bytes.extend([edit.place, edit.action]);
            bytes.extend(edit.offset.to_le_bytes());
            bytes.extend(edit.value.to_le_bytes());
        }
        bytes.extend(&self.raw);
        bytes
    }

    /// Returns the good file that it edits; `None` for an input that is itself the file.
    pub fn seed<'a>(&self, seeds: &'a [Seed]) -> Option<&'a Seed> {
        let (common, of_machine) = seeds.split_at(seeds.partition_point(|seed| !seed.of_machine));
        match self.seed {
            RAW => None,
            number @ OF_MACHINE.. if !of_machine.is_empty() => {
                Some(&of_machine[usize::from(number - OF_MACHINE) % of_machine.len()])
            }
            number => Some(&common[usize::from(number) % common.len()]),
        }
    }

    /// Returns the bytes of the edited file.
    pub fn apply(&self, seeds: &[Seed]) -> Vec<u8> {
        let Some(seed) = self.seed(seeds) else { return self.raw.clone() };
        let mut data = seed.data.clone();
        for edit in &self.edits {
            // Places are those of the good file, so that one edit cannot hide the next.
            let Some(place) = seed.places.get(&edit.place.into()) else { continue };
            edit.apply(&mut data, place.start + usize::from(edit.offset) % place.len());
        }
        data
    }

    /// Encodes the recipe as a line of text; `None` for a good file of this machine, and for an input that is itself the file.
    pub fn to_text(&self, seeds: &[Seed]) -> Option<String> {
        let seed = self.seed(seeds).filter(|_| self.seed < OF_MACHINE)?;
        let mut text = seed.name.to_owned();
        // Edits of absent places do nothing.
        for edit in self.edits.iter().filter(|edit| seed.places.contains_key(&edit.place.into())) {
            text += &format!(" {edit}");
        }
        Some(text)
    }

    /// Decodes a line of text; `None` if it is no recipe.
    pub fn of_text(line: &str, seeds: &[Seed]) -> Option<Self> {
        let mut words = line.split_whitespace();
        let name = words.next()?;
        let seed = seeds.iter().position(|seed| seed.name == name && !seed.of_machine)?;
        let edits = words.map(Edit::of_text).collect::<Option<_>>()?;
        Some(Self { seed: u8::try_from(seed).ok()?, edits, raw: Vec::new() })
    }
}

impl Edit {
    /// Changes a file at an offset, up to the end of the file.
    fn apply(self, data: &mut Vec<u8>, at: usize) {
        let Some(rest) = data.get_mut(at..) else { return };
        let room = rest.len();
        let value = self.value.to_le_bytes();
        let size = [1, 2, 4, 8][usize::from(self.action) % 4].min(room);
        match self.action {
            0..4 => rest[..size].copy_from_slice(&value[..size]),
            4 => {
                let mut word = [0; 8];
                word[..room.min(8)].copy_from_slice(&rest[..room.min(8)]);
                let sum = u64::from_le_bytes(word).wrapping_add(self.value).to_le_bytes();
                rest[..room.min(8)].copy_from_slice(&sum[..room.min(8)]);
            }
            5 => {
                // The low half is the source, the next bits are the length.
                let from = self.value as u32 as usize % data.len().max(1);
                let length = ((self.value >> 32) as usize % MOST_BYTES).min(room).min(data.len() - from);
                data.copy_within(from..from + length, at);
            }
            6 => data.truncate(at),
            _ => {
                let length = (self.value >> 8) as usize % MOST_BYTES;
                let tail = data.split_off(at);
                data.resize(at + length, value[0]);
                data.extend(tail);
            }
        }
    }

    fn of_text(word: &str) -> Option<Self> {
        let (place, rest) = word.split_once('+')?;
        let (offset, rest) = rest.split_once('=')?;
        let (action, value) = rest.split_once(':')?;
        let number = |text: &str| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok();
        let index = |names: &[&str], name| u8::try_from(names.iter().position(|it| *it == name)?).ok();
        Some(Self {
            place: index(&NAMES, place)?,
            action: index(&ACTIONS, action)?,
            offset: u16::try_from(number(offset)?).ok()?,
            value: number(value)?,
        })
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (place, action) = (NAMES[usize::from(self.place)], ACTIONS[usize::from(self.action)]);
        write!(f, "{place}+{:#x}={action}:{:#x}", self.offset, self.value)
    }
}
