// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! An injective encoding of worlds as bytes, and its inverse.

use crate::frame::{Frame, Held, MAX_OUTPUT, Pc};
use crate::memory::Memory;
use crate::value::{BATCH_CELLS, Fault, Key, KeyId, Value};
use crate::world::{Budget, World};

const NO_KEY: u8 = u8::MAX;

/// Appends the bytes of a canonical world.
pub fn encode(world: &World, to: &mut Vec<u8>) {
    let World { published, epoch, ready, ref memory, ref moved, ref keys, ref budget, .. } = *world;
    let flags = u8::from(ready) | u8::from(moved.is_some()) << 1;
    to.extend([published | epoch << 4, flags | (world.depth() as u8) << 4]);
    let Budget { handlers, wipes, forks, half_wipes, moves, reseeds, failed_fetches, refusals, later } = *budget;
    to.extend([
        handlers | wipes << 4,
        forks | half_wipes << 4,
        moves | reseeds << 4,
        failed_fetches | refusals << 4,
        later,
    ]);
    encode_memory(memory, to);
    if let Some(memory) = moved {
        encode_memory(memory, to);
    }
    to.push(keys.len() as u8);
    for key in keys.as_slice() {
        let Key { epoch, parents, fault, returned, abandoned, from } = *key;
        // The parent is less than 16, the counter less than 2.
        let from = from.map_or(NO_KEY, |(parent, counter)| parent << 1 | counter);
        to.extend([epoch | u8::from(parents) << 4 | (fault as u8) << 5, returned, abandoned, from]);
    }
    for frame in world.frames() {
        encode_frame(frame, to);
    }
}

fn encode_memory(memory: &Memory, to: &mut Vec<u8>) {
    let Memory { word, flag, count, key, batch } = *memory;
    to.extend(word.to_le_bytes());
    to.extend([u8::from(flag) | count << 1, key.to_byte()]);
    to.extend(batch.map(Value::to_byte));
}

fn encode_frame(frame: &Frame, to: &mut Vec<u8>) {
    let Frame {
        pc,
        at,
        len,
        passes,
        pass,
        generation,
        done,
        remaining,
        moving,
        hit,
        left,
        counter,
        held,
        found_zero,
        finished,
        floor,
        register,
        output,
    } = *frame;
    let flags =
        [hit, left, found_zero, finished].iter().enumerate().map(|(at, flag)| u8::from(*flag) << at).sum::<u8>();
    to.extend([
        pc as u8,
        at | len << 4,
        passes,
        pass | generation << 4,
        done | remaining << 4,
        moving | counter << 4,
        flags | (held as u8) << 4,
        floor,
        register.unwrap_or(NO_KEY),
    ]);
    to.extend(output[..usize::from(done)].iter().map(|value| value.to_byte()));
}

/// The bytes that are left to decode.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().expect("an encoded world is whole");
        self.0 = rest;
        *first
    }

    /// Two numbers below 16.
    fn halves(&mut self) -> (u8, u8) {
        let byte = self.byte();
        (byte & 15, byte >> 4)
    }

    fn value(&mut self) -> Value {
        Value::from_byte(self.byte())
    }

    fn memory(&mut self) -> Memory {
        let word = u16::from_le_bytes([self.byte(), self.byte()]);
        let flag = self.byte();
        let key = self.value();
        let mut batch = [Value::Zero; BATCH_CELLS];
        batch.fill_with(|| self.value());
        Memory { word, flag: flag & 1 != 0, count: flag >> 1, key, batch }
    }

    fn key(&mut self) -> Key {
        let (first, returned, abandoned, from) = (self.byte(), self.byte(), self.byte(), self.byte());
        Key {
            epoch: first & 15,
            parents: first & 16 != 0,
            fault: Fault::ALL[usize::from(first >> 5)],
            returned,
            abandoned,
            from: (from != NO_KEY).then_some((from >> 1, from & 1)),
        }
    }

    fn frame(&mut self) -> Frame {
        let pc = Pc::ALL[usize::from(self.byte())];
        let (at, len) = self.halves();
        let passes = self.byte();
        let (pass, generation) = self.halves();
        let (done, remaining) = self.halves();
        let (moving, counter) = self.halves();
        let (flags, held) = self.halves();
        let floor = self.byte();
        let register = Some(self.byte()).filter(|key: &KeyId| *key != NO_KEY);
        let mut output = [Value::Zero; MAX_OUTPUT];
        output[..usize::from(done)].fill_with(|| self.value());
        let [hit, left, found_zero, finished] = [0, 1, 2, 3].map(|at| flags & 1 << at != 0);
        let held = [Held::No, Held::Taken, Held::Fetched][usize::from(held)];
        Frame {
            pc,
            at,
            len,
            passes,
            pass,
            generation,
            done,
            remaining,
            moving,
            hit,
            left,
            counter,
            held,
            found_zero,
            finished,
            floor,
            register,
            output,
        }
    }
}

/// Decodes one world; returns it and the remaining bytes.
pub fn decode(bytes: &[u8]) -> (World, &[u8]) {
    let mut reader = Reader(bytes);
    let (published, epoch) = reader.halves();
    let (flags, depth) = reader.halves();
    let (handlers, wipes) = reader.halves();
    let (forks, half_wipes) = reader.halves();
    let (moves, reseeds) = reader.halves();
    let (failed_fetches, refusals) = reader.halves();
    let later = reader.byte();
    let budget = Budget { handlers, wipes, forks, half_wipes, moves, reseeds, failed_fetches, refusals, later };
    let mut world = World::new(budget);
    (world.published, world.epoch, world.ready) = (published, epoch, flags & 1 != 0);
    world.memory = reader.memory();
    world.moved = (flags & 2 != 0).then(|| reader.memory());
    for _ in 0..reader.byte() {
        let key = reader.key();
        world.keys.add(key);
    }
    for _ in 0..depth {
        let frame = reader.frame();
        world.push(frame);
    }
    (world, reader.0)
}
