// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The canonical form of a world: worlds that no step can tell apart become equal.

use crate::value::{KeyId, Keys, MAX_KEYS, Value, place_bit};
use crate::world::World;

impl World {
    /// Replaces each key number by its new number.
    fn renumber(&mut self, new: &[KeyId]) {
        let change = |value: &mut Value| {
            if let Some(key) = value.key() {
                *value = value.with_key(new[usize::from(key)]);
            }
        };
        for memory in [Some(&mut self.memory), self.moved.as_mut()].into_iter().flatten() {
            change(&mut memory.key);
            memory.batch.iter_mut().for_each(change);
        }
        for frame in self.frames_mut() {
            frame.output[..usize::from(frame.done)].iter_mut().for_each(change);
            frame.output[usize::from(frame.done)..].fill(Value::Zero);
            frame.register = frame.register.map(|key| new[usize::from(key)]);
        }
    }

    /// Numbers the keys in the order in which they are found, and drops the properties of a key that no call can use again.
    pub fn canonicalize(&mut self) {
        const NONE: KeyId = KeyId::MAX;
        let mut new = [NONE; MAX_KEYS];
        let mut count = 0;
        let registers = self.frames().iter().filter_map(|frame| frame.register);
        for key in self.values().filter_map(Value::key).chain(registers) {
            if new[usize::from(key)] == NONE {
                new[usize::from(key)] = count;
                count += 1;
            }
        }
        let mut usable = 0u32;
        for key in self.usable_keys() {
            usable |= 1 << key;
        }
        let mut present = [0u8; MAX_KEYS];
        for value in self.values() {
            if let Value::Stream { key, counter, cell } = value {
                present[usize::from(key)] |= place_bit(counter, cell);
            }
        }
        let mut keys = Keys::default();
        let mut old = [NONE; MAX_KEYS];
        for (at, number) in new.iter().enumerate().filter(|(_, number)| **number != NONE) {
            old[usize::from(*number)] = at as KeyId;
        }
        for at in &old[..usize::from(count)] {
            let mut key = *self.keys.get(*at);
            if usable & 1 << *at == 0 {
                key.returned &= present[usize::from(*at)];
                key.abandoned &= present[usize::from(*at)];
                key.from = None;
            }
            key.from = key.from.and_then(|(parent, counter)| {
                let parent = new[usize::from(parent)];
                (parent != NONE).then_some((parent, counter))
            });
            keys.add(key);
        }
        self.renumber(&new);
        self.keys = keys;
        self.clear_free_frames();
    }
}
