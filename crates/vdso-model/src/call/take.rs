// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! How a call finds an idle state and takes it, or falls back to the system call.

use super::context::{Accessed, Call, End};
use crate::cipher::Accesses;
use crate::frame::{Held, Pc};
use crate::memory::idle;
use crate::protocol::{Form, Order, Take};
use vdso_inject::labels::Kind::{Read, ReadWrite, Write};
use vdso_inject::labels::Part;

impl Call<'_> {
    pub(super) fn read_generation(&mut self) -> Accessed {
        const READ: Accesses = &[(Part::Generation, Read)];
        let published = self.world.published;
        if self.frame.pc == Pc::Locate {
            return if published == 0 {
                self.go(Pc::Generation, &[(Part::Generation, Read), (Part::ClockMode, Read)], "finds the data page")
            } else {
                self.go(Pc::Generation, READ, "finds the data page")
            };
        }
        self.frame.generation = published;
        let next = match (self.frame.pc, self.rules.form) {
            (Pc::HitGeneration, _) if !self.matches() => Pc::Locate,
            (Pc::HitGeneration, _) if self.rules.count_read == Order::Before => Pc::HitEarlyCount,
            (Pc::HitGeneration, _) => Pc::HitWord,
            (_, Form::Word) if !self.matches() => Pc::Ready,
            _ => Pc::CompareWord,
        };
        if next == Pc::Locate {
            self.frame.hit = false;
        }
        self.go(next, READ, "reads the generation")
    }

    pub(super) fn compare_word(&mut self) -> Accessed {
        const READ: Accesses = &[(Part::Word, Read)];
        if self.rules.form == Form::Flag {
            return if self.world.memory.word == u16::from(self.frame.generation) {
                self.go(Pc::Count, READ, "compares the state's generation: the present one")
            } else {
                self.go(Pc::StoreTag, READ, "compares the state's generation: another one")
            };
        }
        let is_idle = self.world.memory.word == idle(self.frame.generation);
        let on_fast_path = self.frame.pc == Pc::HitWord;
        match (is_idle, on_fast_path) {
            (true, true) => self.go(Pc::HitTake, READ, "compares the word: idle"),
            (true, false) => self.go(Pc::Take, READ, "compares the word: idle"),
            (false, true) => {
                self.frame.hit = false;
                self.go(Pc::Locate, READ, "compares the word: not idle, so the slow path")
            }
            (false, false) => self.go(Pc::Ready, READ, "compares the word: not idle"),
        }
    }

    pub(super) fn take(&mut self) -> Accessed {
        const CHANGE: Accesses = &[(Part::Word, ReadWrite)];
        let word = &mut self.world.memory.word;
        let was_idle = *word & 1 != 0;
        match self.rules.take {
            Take::TestAndReset | Take::And => *word &= !1,
            Take::Store => *word = u16::from(self.frame.generation) << 1,
        }
        if self.rules.take == Take::TestAndReset && !was_idle {
            self.frame.hit = false;
            return self.go(Pc::SystemCall, CHANGE, "takes the state: it was not idle any more");
        }
        self.frame.held = Held::Taken;
        let accesses: Accesses = if self.rules.take == Take::Store { &[(Part::Word, Write)] } else { CHANGE };
        match self.frame.pc {
            Pc::Take => self.go(Pc::Simd, accesses, "takes the state"),
            _ if self.rules.count_read == Order::Before => self.begin_hit(accesses),
            _ => self.go(Pc::HitCount, accesses, "takes the state"),
        }
    }

    pub(super) fn ready(&mut self) -> Accessed {
        const READ: Accesses = &[(Part::Ready, Read)];
        if !self.world.ready
            || (self.rules.form == Form::Word && self.frame.generation == 0 && !self.rules.zero_generation_fetches)
        {
            return self.go(Pc::SystemCall, READ, "the kernel's generator is not ready");
        }
        if self.frame.len == 0 {
            return self.end(End::Otherwise, READ, "returns 0: no bytes are asked for");
        }
        let next = if self.rules.form == Form::Flag { Pc::FlagTest } else { Pc::InUse };
        self.go(next, READ, "the kernel's generator is ready")
    }

    pub(super) fn read_tag(&mut self) -> Accessed {
        const READ: Accesses = &[(Part::Word, Read)];
        let word = self.world.memory.word;
        if word != 0 && word & 1 == 0 && self.rules.respects_tag {
            return self.go(Pc::SystemCall, READ, "reads the word: in use, so the system call");
        }
        self.frame.found_zero = word == 0;
        self.frame.at = 0;
        let next = if self.rules.tag_store == Order::Before { Pc::StoreTag } else { Pc::Fetch };
        let why = if word == 0 { "reads the word: fresh" } else { "reads the word: not in use" };
        self.go(next, READ, why)
    }
}
