// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One call in the middle of a step: its frame, the tag that it owns, and how it changes the word.

use crate::cipher::{Accesses, Cipher};
use crate::frame::{Frame, Held, Pc};
use crate::memory::FETCHING;
use crate::protocol::{Change, Form, Protocol, Tags};
use crate::violation::Violation;
use crate::world::World;

/// The answer of the kernel to a step that makes a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The whole request. Steps without a system call have this answer too.
    Whole,
    /// An error; the kernel wrote nothing.
    Refused,
    /// A short count; the kernel wrote nothing.
    ShortEmpty,
    /// A short count; the kernel wrote a part.
    ShortPartial,
}

/// The accesses of a step, and the reason for them.
pub(super) type Accessed = (Accesses, &'static str);

/// A call in the middle of a step.
pub(super) struct Call<'a> {
    pub world: &'a mut World,
    pub rules: &'a Protocol,
    pub cipher: Cipher,
    pub frame: Frame,
    pub own: u16,
    pub violation: Option<Violation>,
    pub ended: Option<End>,
}

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It returns bytes of the state.
    Filled,
    /// It returns the kernel's bytes, an error or nothing.
    Otherwise,
}

impl Call<'_> {
    pub(super) fn go(&mut self, next: Pc, accesses: Accesses, why: &'static str) -> Accessed {
        self.frame.pc = next;
        (accesses, why)
    }

    pub(super) fn end(&mut self, end: End, accesses: Accesses, why: &'static str) -> Accessed {
        self.ended = Some(end);
        (accesses, why)
    }

    /// The word while the call holds the state.
    pub(super) fn tag(&self) -> u16 {
        let common = u16::from(self.frame.generation) << 1;
        match (self.frame.held, self.rules.tags) {
            (Held::Fetched, Tags::Own) => self.own,
            _ => common,
        }
    }

    /// The word while the call fetches its key.
    pub(super) fn fetching_tag(&self) -> u16 {
        FETCHING
            | match self.rules.tags {
                Tags::Own | Tags::OwnWhileFetching => self.own,
                Tags::Common => u16::from(self.frame.generation) << 1,
            }
    }

    /// Changes the word from `from` to `to`; returns whether the call continues as if the word was `from`.
    pub(super) fn change(&mut self, how: Change, from: u16, to: u16, sets_bit: bool) -> bool {
        let word = &mut self.world.memory.word;
        match how {
            Change::CompareExchange => {
                let is_own = *word == from;
                if is_own {
                    *word = to;
                }
                return is_own;
            }
            Change::Bit if sets_bit => *word |= 1,
            Change::Bit => *word &= !FETCHING,
            Change::Store => *word = to,
        }
        true
    }

    pub(super) fn matches(&self) -> bool {
        self.frame.generation != 0 || self.rules.zero_generation_matches
    }

    pub(super) fn first_check(&self) -> Pc {
        match (self.rules.form, self.rules.second_check, self.rules.final_check) {
            (Form::Flag, ..) => Pc::CheckWord,
            (_, true, _) => Pc::CheckGeneration,
            (_, false, true) => Pc::CheckWord,
            _ => Pc::Release,
        }
    }
}
