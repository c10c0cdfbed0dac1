// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The last checks of a pass, then its release or its discard.

use super::context::{Accessed, Call, End};
use crate::cipher::Accesses;
use crate::frame::{Held, Pc};
use crate::memory::idle;
use crate::protocol::{Change, Form, Order};
use crate::violation::Violation;
use vdso_inject::labels::Kind::{Read, ReadWrite, Write};
use vdso_inject::labels::Part;

impl Call<'_> {
    pub(super) fn check_generation(&mut self) -> Accessed {
        const READ: Accesses = &[(Part::Generation, Read)];
        // A protocol with an in-use flag has just read the state's generation into the same variable.
        if self.world.published != self.frame.generation {
            return self.go(Pc::Discard, READ, "reads the generation again: another one");
        }
        let next = if self.rules.final_check && self.rules.form == Form::Word { Pc::CheckWord } else { Pc::Release };
        self.go(next, READ, "reads the generation again: the same")
    }

    pub(super) fn check_word(&mut self) -> Accessed {
        const READ: Accesses = &[(Part::Word, Read)];
        if self.rules.form == Form::Flag {
            self.frame.generation = self.world.memory.word as u8;
            return self.go(Pc::CheckGeneration, READ, "reads the generation of the state again");
        }
        if self.world.memory.word == self.tag() {
            self.go(Pc::Release, READ, "checks the tag: its own")
        } else {
            self.go(Pc::Discard, READ, "checks the tag: not its own")
        }
    }

    pub(super) fn release(&mut self) -> Accessed {
        if self.rules.form == Form::Flag {
            self.world.memory.flag = false;
            return self.end(End::Filled, &[(Part::Word, Write)], "clears the in-use flag, and returns the bytes");
        }
        let tag = self.tag();
        let of_generation = idle(self.frame.generation);
        let (how, to) = match self.frame.held {
            Held::Fetched if self.frame.found_zero && self.rules.first_draw_leaves_one => {
                (self.rules.release_fetched, 1)
            }
            Held::Fetched => (self.rules.release_fetched, of_generation),
            _ => (self.rules.release_taken, of_generation),
        };
        self.change(how, tag, to, true);
        let accesses: Accesses = if how == Change::Store { &[(Part::Word, Write)] } else { &[(Part::Word, ReadWrite)] };
        if self.rules.count_store == Order::After && self.frame.hit {
            return self.go(Pc::LateCount, accesses, "releases the state");
        }
        self.end(End::Filled, accesses, "releases the state, and returns the bytes")
    }

    /// Stores the count after the release, where the protocol is wrong on purpose.
    pub(super) fn store_late_count(&mut self) -> Accessed {
        self.world.memory.count = self.frame.remaining;
        self.end(End::Filled, &[(Part::Count, Write)], "stores the count after the release, and returns the bytes")
    }

    pub(super) fn discard(&mut self) -> Accessed {
        let frame = &mut self.frame;
        if self.rules.form == Form::Word && self.rules.resets {
            self.world.memory.word = 0;
        }
        frame.left |= frame.done > 0 && !self.rules.zeroes_buffer;
        (frame.done, frame.register, frame.held, frame.hit) = (0, None, Held::No, false);
        frame.passes -= 1;
        let next = match (frame.passes, self.rules.form) {
            (0, Form::Word) => Pc::SystemCall,
            (0, Form::Flag) => Pc::FlagClearToSystemCall,
            (_, Form::Word) => Pc::Locate,
            (_, Form::Flag) => Pc::Generation,
        };
        if frame.passes > 0 {
            frame.pass += 1;
            if frame.pass > 2 {
                self.violation = Some(Violation::ManyPasses);
            }
        }
        let zeroes = self.rules.zeroes_buffer && self.frame.len > 0;
        let accesses: Accesses = match (self.rules.form, zeroes) {
            (Form::Flag, _) => &[],
            (Form::Word, true) => &[(Part::Word, Write), (Part::Output, Write)],
            (Form::Word, false) => &[(Part::Word, Write)],
        };
        self.go(next, accesses, "discards the pass")
    }
}
