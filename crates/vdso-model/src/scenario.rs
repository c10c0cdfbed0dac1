// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A scenario: the world in which an exploration begins, and the bounds of its events.

use crate::call::begin;
use crate::cipher::Cipher;
use crate::memory::{FETCHING, Memory, idle, own_tag};
use crate::protocol::{Form, Protocol};
use crate::value::{Fault, Key, Keys, Value};
use crate::world::{Budget, World};
use std::fmt;

/// The history of the state before the call.
///
/// Every state that a call can leave is one of these, or a state that no call takes. The contents of the latter do not matter;
/// here they are the worst ones, a key and a batch that were returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// All zero.
    Fresh,
    /// Reset by a discarded pass or a failed fetch: the word is 0, and the rest is old.
    Reset,
    /// After the first draw (K9), or wiped before a release: the word is 1, and the rest is old.
    One,
    /// Idle, with this number of unread cells in the batch.
    Idle(u8),
    /// Idle under an earlier generation, and the rest is old.
    Stale,
    /// In use by a call that was abandoned.
    InUse,
    /// Fresh, where the data page has generation 0 and the kernel's generator is ready.
    NoGeneration,
    /// The word is 1 where the data page has generation 0, and the rest is zero.
    OneWithoutGeneration,
}

impl Start {
    /// The states of a kernel with a generation.
    pub const USUAL: [Self; 8] =
        [Self::Fresh, Self::Reset, Self::One, Self::Idle(0), Self::Idle(1), Self::Idle(2), Self::Stale, Self::InUse];

    /// The states of a kernel with generation 0.
    pub const WITHOUT_GENERATION: [Self; 2] = [Self::NoGeneration, Self::OneWithoutGeneration];

    fn generation(self) -> u8 {
        match self {
            Self::NoGeneration | Self::OneWithoutGeneration => 0,
            Self::Stale => 2,
            _ => 1,
        }
    }

    fn memory(self, rules: &Protocol, keys: &mut Keys) -> Memory {
        let flag_form = rules.form == Form::Flag;
        let word = match (self, flag_form) {
            (Self::Fresh | Self::Reset | Self::NoGeneration, _) => 0,
            (Self::One | Self::OneWithoutGeneration, false) => 1,
            // This form has no such state: use a fresh one.
            (Self::One | Self::OneWithoutGeneration, true) => 0,
            (Self::Idle(_) | Self::Stale, false) => idle(1),
            (Self::Idle(_) | Self::Stale | Self::InUse, true) => 1,
            (Self::InUse, false) => own_tag(0) | FETCHING,
        };
        match self {
            Self::Fresh | Self::NoGeneration | Self::OneWithoutGeneration => Memory { word, ..Memory::default() },
            Self::Idle(count) => {
                let maker = keys.add(Key { epoch: 1, ..Key::default() });
                let key = Value::Key(keys.derive(maker, 0));
                let cell = |cell: u8| Value::Stream { key: maker, counter: 0, cell };
                let mut batch = [cell(1), cell(2)];
                batch[usize::from(count)..].fill(Value::Zero);
                Memory { word, count, key, batch, ..Memory::default() }
            }
            Self::Reset | Self::One | Self::Stale | Self::InUse => {
                let returned = keys.add(Key { epoch: 1, returned: u8::MAX >> 2, ..Key::default() });
                let key = keys.add(Key { epoch: 1, fault: Fault::Known, ..Key::default() });
                let cell = |cell: u8| Value::Stream { key: returned, counter: 0, cell };
                let flag = flag_form && self == Self::InUse;
                Memory { word, flag, count: 2, key: Value::Key(key), batch: [cell(1), cell(2)] }
            }
        }
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fresh => f.write_str("a fresh state"),
            Self::Reset => f.write_str("a state that was reset"),
            Self::One => f.write_str("a state whose word is 1"),
            Self::Idle(cells) => write!(f, "an idle state with {cells} cells of a batch"),
            Self::Stale => f.write_str("a state of an older generation"),
            Self::InUse => f.write_str("a state in use by an abandoned call"),
            Self::NoGeneration => f.write_str("a fresh state, generation 0"),
            Self::OneWithoutGeneration => f.write_str("a wiped state whose word is 1, generation 0"),
        }
    }
}

/// The events that may happen in an exploration, and the calls.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Their name in the tables.
    pub name: &'static str,
    /// The maximum number of each event.
    pub budget: Budget,
    /// Whether the main program's call may be abandoned.
    pub main_abandoned: bool,
    /// Whether handlers' calls may be abandoned.
    pub handlers_abandoned: bool,
    /// Lengths of the first call, in cells.
    pub lens: &'static [u8],
    /// Lengths of handlers' draws.
    pub handler_lens: &'static [u8],
    /// Lengths of later draws of the main program.
    pub later_lens: &'static [u8],
    /// States to begin with.
    pub starts: &'static [Start],
    /// Ciphers.
    pub ciphers: &'static [Cipher],
    /// The protocol of handlers' draws, if it differs.
    pub handlers_follow: Option<&'static Protocol>,
}

/// One exploration.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// The protocol.
    pub rules: Protocol,
    /// The bounds.
    pub bounds: Bounds,
    /// The state to begin with.
    pub start: Start,
    /// The length of the first call, in cells.
    pub len: u8,
    /// The cipher.
    pub cipher: Cipher,
}

impl Scenario {
    /// All scenarios of a protocol within bounds.
    pub fn all(rules: &Protocol, bounds: &Bounds) -> Vec<Self> {
        let ciphers = if rules.form == Form::Flag { &[Cipher::Scalar] } else { bounds.ciphers };
        let mut all = Vec::new();
        for &cipher in ciphers {
            for &start in bounds.starts {
                for &len in bounds.lens {
                    all.push(Self { rules: *rules, bounds: *bounds, start, len, cipher });
                }
            }
        }
        all
    }

    /// The world before the first step.
    pub fn root(&self) -> World {
        let mut world = World::new(self.bounds.budget);
        world.published = self.start.generation();
        world.epoch = world.published.max(1);
        world.memory = self.start.memory(&self.rules, &mut world.keys);
        world.push(begin(&self.rules, self.len));
        world.canonicalize();
        world
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rules, start, len, cipher, .. } = self;
        write!(f, "protocol {}: the main program draws {len} cells from {start}, {cipher:?}", rules.name)
    }
}
