// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Abstract contents of memory cells: the key that made a value, and the value's place in the keystream.

/// Index of a key in [`Keys`].
pub type KeyId = u8;

/// Cells of one group of blocks: the next key and the batch.
pub const GROUP_CELLS: usize = 3;
/// Cells of a batch.
pub const BATCH_CELLS: usize = GROUP_CELLS - 1;
/// Counters that one key can be used under in one pass: direct groups, and the refill after them.
pub const COUNTERS: usize = 2;
/// The maximum number of keys in one world.
pub const MAX_KEYS: usize = 16;

/// The content of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// Zeros: wiped, erased, or never written.
    #[default]
    Zero,
    /// The words of a key.
    Key(KeyId),
    /// Intermediate words of the cipher, key words among them.
    Scratch(KeyId),
    /// Output of the cipher.
    Stream {
        /// The key that made it.
        key: KeyId,
        /// Under which counter.
        counter: u8,
        /// Which cell of the group.
        cell: u8,
    },
}

impl Value {
    /// The key that it depends on.
    pub fn key(self) -> Option<KeyId> {
        match self {
            Self::Zero => None,
            Self::Key(key) | Self::Scratch(key) | Self::Stream { key, .. } => Some(key),
        }
    }

    /// The same value with another number for its key.
    pub fn with_key(self, new: KeyId) -> Self {
        match self {
            Self::Zero => Self::Zero,
            Self::Key(_) => Self::Key(new),
            Self::Scratch(_) => Self::Scratch(new),
            Self::Stream { counter, cell, .. } => Self::Stream { key: new, counter, cell },
        }
    }

    /// Encodes the value as one byte, injectively.
    pub fn to_byte(self) -> u8 {
        const PLACES: u8 = (COUNTERS * GROUP_CELLS) as u8;
        match self {
            Self::Zero => 0,
            Self::Key(key) => 1 + key,
            Self::Scratch(key) => 1 + MAX_KEYS as u8 + key,
            Self::Stream { key, counter, cell } => {
                1 + 2 * MAX_KEYS as u8 + key * PLACES + counter * GROUP_CELLS as u8 + cell
            }
        }
    }

    /// The value of a byte from [`to_byte`](Self::to_byte).
    pub fn from_byte(byte: u8) -> Self {
        const KEYS: u8 = MAX_KEYS as u8;
        const CELLS: u8 = GROUP_CELLS as u8;
        const PLACES: u8 = COUNTERS as u8 * CELLS;
        match byte {
            0 => Self::Zero,
            1..=KEYS => Self::Key(byte - 1),
            _ if byte <= 2 * KEYS => Self::Scratch(byte - 1 - KEYS),
            _ => {
                let at = byte - 1 - 2 * KEYS;
                Self::Stream { key: at / PLACES, counter: at % PLACES / CELLS, cell: at % CELLS }
            }
        }
    }
}

/// A fault of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// None: the key is secret and whole.
    #[default]
    None,
    /// The key is zero, or derived from a zero key: an attacker can compute its stream.
    Zero,
    /// The kernel wrote a part of it.
    Partial,
    /// The key was returned to a caller, or made from returned bytes.
    Known,
    /// The cipher computed with two keys, or with scratch that another call wrote.
    Spoiled,
}

impl Fault {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::None, Self::Zero, Self::Partial, Self::Known, Self::Spoiled];
}

/// The properties of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// The kernel's base key that it was fetched under, directly or through refills.
    pub epoch: u8,
    /// Whether the parent of a fork has the key too.
    pub parents: bool,
    /// The fault of the key.
    pub fault: Fault,
    /// Places of its stream that a call returned.
    pub returned: u8,
    /// Places of its stream that an abandoned call left in its buffer.
    pub abandoned: u8,
    /// The key and the counter of the refill that made it.
    pub from: Option<(KeyId, u8)>,
}

/// The bit of a place in [`Key::returned`].
pub fn place_bit(counter: u8, cell: u8) -> u8 {
    1 << (counter * GROUP_CELLS as u8 + cell)
}

/// All keys that some cell or register depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    list: [Key; MAX_KEYS],
    len: u8,
}

impl Keys {
    /// The number of keys.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All keys.
    pub fn as_slice(&self) -> &[Key] {
        &self.list[..self.len()]
    }

    /// All keys, mutable.
    pub fn as_mut_slice(&mut self) -> &mut [Key] {
        &mut self.list[..usize::from(self.len)]
    }

    /// The key of this number.
    pub fn get(&self, id: KeyId) -> &Key {
        &self.as_slice()[usize::from(id)]
    }

    /// The key of this number, mutable.
    pub fn get_mut(&mut self, id: KeyId) -> &mut Key {
        &mut self.as_mut_slice()[usize::from(id)]
    }

    /// Adds a key.
    pub fn add(&mut self, key: Key) -> KeyId {
        assert!(self.len() < MAX_KEYS, "the bounds let more keys live than the model has room for");
        self.list[self.len()] = key;
        self.len += 1;
        self.len - 1
    }

    /// The key that a refill of `parent` under `counter` makes. Equal arguments give the same key.
    pub fn derive(&mut self, parent: KeyId, counter: u8) -> KeyId {
        let known = self.as_slice().iter().position(|key| key.from == Some((parent, counter)));
        if let Some(known) = known {
            return known as KeyId;
        }
        let of = *self.get(parent);
        let returned = (of.returned | of.abandoned) & place_bit(counter, 0) != 0;
        let fault = if of.fault == Fault::None && returned { Fault::Known } else { of.fault };
        self.add(Key { epoch: of.epoch, parents: of.parents, fault, from: Some((parent, counter)), ..Key::default() })
    }

    /// The key that a register holds when it was loaded from a cell.
    pub fn loaded(&mut self, value: Value) -> KeyId {
        match value {
            Value::Key(key) => key,
            Value::Zero => self.faulty(Fault::Zero),
            Value::Scratch(_) | Value::Stream { .. } => self.faulty(Fault::Spoiled),
        }
    }

    /// The key of which only the fault is known.
    pub fn faulty(&mut self, fault: Fault) -> KeyId {
        let wanted = Key { fault, ..Key::default() };
        let known = self.as_slice().iter().position(|key| Key { returned: 0, abandoned: 0, ..*key } == wanted);
        known.map_or_else(|| self.add(wanted), |known| known as KeyId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_byte_is_injective_and_invertible() {
        let mut values = vec![Value::Zero];
        for key in 0..MAX_KEYS as u8 {
            values.extend([Value::Key(key), Value::Scratch(key)]);
            for counter in 0..COUNTERS as u8 {
                for cell in 0..GROUP_CELLS as u8 {
                    values.push(Value::Stream { key, counter, cell });
                }
            }
        }
        for value in &values {
            assert_eq!(Value::from_byte(value.to_byte()), *value);
        }
        let bytes: std::collections::BTreeSet<u8> = values.iter().map(|value| value.to_byte()).collect();
        assert_eq!(bytes.len(), values.len());
    }

    #[test]
    fn derive_is_deterministic_and_knows_returned_bytes() {
        let mut keys = Keys::default();
        let parent = keys.add(Key { epoch: 1, ..Key::default() });
        let child = keys.derive(parent, 0);
        assert_eq!(keys.derive(parent, 0), child);
        keys.get_mut(parent).returned |= place_bit(1, 0);
        let known = keys.derive(parent, 1);
        assert_eq!((keys.get(child).fault, keys.get(known).fault), (Fault::None, Fault::Known));
    }

    #[test]
    fn loading_zeros_gives_the_zero_key() {
        let mut keys = Keys::default();
        let zero = keys.loaded(Value::Zero);
        assert_eq!((keys.get(zero).fault, keys.loaded(Value::Zero)), (Fault::Zero, zero));
    }
}
