// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The classes of violations, and the checks at each return and between calls.

use crate::frame::Frame;
use crate::memory::{Memory, idle};
use crate::protocol::Form;
use crate::value::{Fault, Value, place_bit};
use crate::world::World;
use std::fmt;

macro_rules! violations {
    ($($(#[doc = $doc:literal])* $kind:ident $text:literal,)*) => {
        /// A class of violations.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Violation {
            $($(#[doc = $doc])* $kind,)*
        }

        impl Violation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// Its description, in a few words.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$kind => $text,)*
                }
            }
        }
    };
}

violations! {
    /// A call returns zeros.
    Zeros "zeros returned",
    /// A call returns output of a key that is all zeros.
    ZeroKey "bytes of the all-zero key",
    /// A call returns output of a key that was fetched in part.
    PartialKey "bytes of a partly fetched key",
    /// A call returns output of a key that was returned.
    KnownKey "bytes of a key that was returned",
    /// A call returns key words, or words from which the key can be computed.
    KeyWords "key words returned",
    /// A call returns output of a mix of two keys, or of scratch that another call wrote.
    Spoiled "bytes computed from spoiled scratch",
    /// A byte is returned twice.
    Twice "bytes returned twice",
    /// A byte is returned that an abandoned call left in its buffer.
    OfAbandoned "bytes of an abandoned call",
    /// The child of a fork returns bytes that its parent has.
    Parents "bytes shared with the parent",
    /// A call returns bytes of a key that is older than the generation that was published before its last store.
    OldGeneration "bytes of an older generation",
    /// A call writes past the end of its buffer.
    Overrun "written past the buffer",
    /// A call fails and leaves bytes of a discarded pass in its buffer.
    LeftInBuffer "bytes left by a failed call",
    /// A call restarts more than once.
    ManyPasses "more than one restart",
    /// No call is under way, and the state counts as idle without a good key.
    IdleWithoutKey "idle without a live key",
    /// No call is under way, and the key of an idle state has been used.
    IdleUsedKey "idle over a used key",
    /// No call is under way, and the count of an idle state covers bytes that must not be returned.
    IdleBadBatch "idle over a bad batch",
    /// No call is under way, and an idle state keeps bytes beyond its count.
    KeptInState "returned bytes kept in the state",
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

/// Checks the bytes that a call returns, and records them as returned.
pub fn check_return(world: &mut World, frame: &Frame) -> Option<Violation> {
    let len = usize::from(frame.len);
    frame.output[..len].iter().find_map(|value| check_value(world, frame, *value))
}

fn check_value(world: &mut World, frame: &Frame, value: Value) -> Option<Violation> {
    let Value::Stream { key: id, counter, cell } = value else {
        return Some(if value == Value::Zero { Violation::Zeros } else { Violation::KeyWords });
    };
    let key = *world.keys.get(id);
    let bit = place_bit(counter, cell);
    match key.fault {
        Fault::None => {}
        Fault::Zero => return Some(Violation::ZeroKey),
        Fault::Partial => return Some(Violation::PartialKey),
        Fault::Known => return Some(Violation::KnownKey),
        Fault::Spoiled => return Some(Violation::Spoiled),
    }
    if key.returned & bit != 0 {
        return Some(Violation::Twice);
    }
    if key.abandoned & bit != 0 {
        return Some(Violation::OfAbandoned);
    }
    if cell == 0 && world.keys.as_slice().iter().any(|other| other.from == Some((id, counter))) {
        return Some(Violation::KeyWords);
    }
    // A fork after the last check: both processes return the same finished bytes, as with a fork after the return.
    if key.parents && !frame.finished {
        return Some(Violation::Parents);
    }
    if key.epoch < frame.floor {
        return Some(Violation::OldGeneration);
    }
    world.keys.get_mut(id).returned |= bit;
    None
}

/// Records the bytes in the buffer of an abandoned call, because its caller can see them.
pub fn abandon(world: &mut World, frame: &Frame) {
    for value in &frame.output[..usize::from(frame.done)] {
        match *value {
            Value::Zero => {}
            Value::Key(key) | Value::Scratch(key) => world.keys.get_mut(key).fault = Fault::Known,
            Value::Stream { key: id, counter, cell } => {
                world.keys.get_mut(id).abandoned |= place_bit(counter, cell);
                if cell == 0 {
                    let known = world.keys.as_mut_slice().iter_mut();
                    known.filter(|key| key.from == Some((id, counter))).for_each(|key| key.fault = Fault::Known);
                }
            }
        }
    }
}

/// Whether a call that began now would take the state.
pub fn is_idle(world: &World, memory: &Memory, form: Form) -> bool {
    match form {
        Form::Word => world.published != 0 && memory.word == idle(world.published),
        Form::Flag => !memory.flag && world.published != 0 && memory.word == u16::from(world.published),
    }
}

/// Checks an idle state between calls: it must be as good as a state in which another exploration begins. So one call stands
/// for any number of consecutive calls.
pub fn check_idle(world: &World, memory: &Memory, form: Form) -> Option<Violation> {
    if !is_idle(world, memory, form) {
        return None;
    }
    let Value::Key(key) = memory.key else { return Some(Violation::IdleWithoutKey) };
    let key = world.keys.get(key);
    if key.fault != Fault::None || key.parents || key.epoch < world.published {
        return Some(Violation::IdleWithoutKey);
    }
    if key.returned | key.abandoned != 0 {
        return Some(Violation::IdleUsedKey);
    }
    let (left, spent) = memory.batch.split_at(usize::from(memory.count));
    let is_good = |value: &Value| {
        let Value::Stream { key, counter, cell } = *value else { return false };
        let of = world.keys.get(key);
        let used = (of.returned | of.abandoned) & place_bit(counter, cell) != 0;
        of.fault == Fault::None && !of.parents && of.epoch >= world.published && !used
    };
    if !left.iter().all(is_good) || left.iter().enumerate().any(|(at, value)| left[..at].contains(value)) {
        return Some(Violation::IdleBadBatch);
    }
    spent.iter().any(|value| *value != Value::Zero).then_some(Violation::KeptInState)
}
