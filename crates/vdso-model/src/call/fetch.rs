// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! How a call fetches a key: under its tag with FETCHING set.

use super::context::{Accessed, Answer, Call};
use crate::cipher::Accesses;
use crate::frame::{Held, Pc};
use crate::protocol::{Change, FetchCheck, Form, Order};
use crate::value::{Fault, Key, Value};
use vdso_inject::labels::Kind::{Read, ReadWrite, Write};
use vdso_inject::labels::Part;

impl Call<'_> {
    /// Stores the tag with FETCHING.
    pub(super) fn store_tag(&mut self) -> Accessed {
        self.frame.held = Held::Fetched;
        self.world.memory.word = match self.rules.form {
            Form::Word => self.fetching_tag(),
            Form::Flag => u16::from(self.frame.generation),
        };
        let next = if self.frame.at == 0 { Pc::Fetch } else { Pc::ZeroCount };
        self.go(next, &[(Part::Word, Write)], "stores the tag: in use, without a key")
    }

    /// Asks the kernel for a key.
    pub(super) fn fetch(&mut self, answer: Answer) -> Accessed {
        const FETCH: Accesses = &[(Part::Fetch, Write)];
        let key = match answer {
            Answer::Whole => Some(Key { epoch: self.world.epoch, ..Key::default() }),
            Answer::ShortPartial => Some(Key { fault: Fault::Partial, ..Key::default() }),
            Answer::Refused | Answer::ShortEmpty => None,
        };
        if let Some(key) = key {
            self.world.memory.key = Value::Key(self.world.keys.add(key));
        }
        let passes = match self.rules.fetch {
            FetchCheck::Whole => answer == Answer::Whole,
            FetchCheck::NoError => answer != Answer::Refused,
            FetchCheck::Nothing => true,
        };
        if !passes {
            let next = if self.rules.form == Form::Flag { Pc::FlagNoKey } else { Pc::ResetToSystemCall };
            return self.go(next, FETCH, "asks the kernel for a key: not all of it came");
        }
        let next = if self.rules.form == Form::Flag { Pc::FlagNewPosition } else { Pc::ZeroCount };
        self.frame.at = u8::from(self.rules.generation == Order::Before);
        self.go(next, FETCH, "asks the kernel for a key: it comes")
    }

    /// Resets the state after a failed fetch.
    pub(super) fn reset_to_system_call(&mut self) -> Accessed {
        self.world.memory.word = 0;
        self.go(Pc::SystemCall, &[(Part::Word, Write)], "resets the state: the key could not be fetched")
    }

    /// Stores that the batch of the new key is empty.
    pub(super) fn zero_count(&mut self) -> Accessed {
        self.world.memory.count = 0;
        self.go(Pc::LeaveFetching, &[(Part::Count, Write)], "stores that no bytes are left")
    }

    /// Clears FETCHING, if the word is still the call's tag.
    pub(super) fn leave_fetching(&mut self) -> Accessed {
        const CHANGE: Accesses = &[(Part::Word, ReadWrite)];
        let (from, late) = (self.fetching_tag(), self.rules.tag_store == Order::After);
        self.frame.held = Held::Fetched;
        let to = self.tag();
        let how = if late { Change::Store } else { self.rules.leave };
        if !self.change(how, from, to, false) {
            return self.go(Pc::Discard, CHANGE, "leaves FETCHING: the word is not its own any more");
        }
        let next = if self.frame.at == 0 { Pc::LateGeneration } else { Pc::Simd };
        let accesses: Accesses = if how == Change::Store { &[(Part::Word, Write)] } else { CHANGE };
        self.go(next, accesses, "leaves FETCHING: in use, with a key")
    }

    /// Reads the generation after the fetch, where the protocol is wrong on purpose.
    pub(super) fn read_late_generation(&mut self) -> Accessed {
        self.frame.generation = self.world.published;
        self.frame.at = 1;
        self.go(Pc::StoreTag, &[(Part::Generation, Read)], "reads the generation after the fetch")
    }
}
