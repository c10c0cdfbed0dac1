// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A call: what each of its accesses does, and which one follows.

use crate::cipher::{Accesses, Cipher, Effect};
use crate::protocol::{Change, FetchCheck, Form, Order, Protocol, Tags, Take};
use crate::value::{BATCH_CELLS, Fault, GROUP_CELLS, Key, Value};
use crate::violation::{Violation, judge_return};
use crate::world::{FETCHING, Frame, Held, Pc, World, idle, own_tag};
use vdso_inject::labels::Kind::{Read, ReadWrite, Write};
use vdso_inject::labels::Part;

/// The answer of the kernel, where a step asks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// All that was asked for. Steps that ask nothing have this answer too.
    Whole,
    /// An error, and nothing written.
    Refused,
    /// Fewer bytes, and nothing written.
    ShortEmpty,
    /// Fewer bytes, and a part written.
    ShortPartial,
}

/// One step that was made.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The accesses.
    pub accesses: Accesses,
    /// The word after the step.
    pub word: u16,
    /// Its purpose, and its consequence.
    pub why: &'static str,
    /// The violation that it showed.
    pub violation: Option<Violation>,
}

/// A call for `len` cells that has not begun.
pub fn begin(rules: &Protocol, len: u8) -> Frame {
    let pc = match rules.form {
        Form::Word if (1..=rules.small).contains(&len) => Pc::HitGeneration,
        Form::Word => Pc::Locate,
        Form::Flag => Pc::Ready,
    };
    Frame::new(pc, len, rules.passes)
}

/// A call in the middle of a step.
struct Call<'a> {
    world: &'a mut World,
    rules: &'a Protocol,
    cipher: Cipher,
    frame: Frame,
    own: u16,
    violation: Option<Violation>,
    ended: Option<End>,
}

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It returns bytes of the state.
    Served,
    /// It returns the kernel's bytes, an error or nothing.
    Otherwise,
}

/// Makes the next step of the innermost call.
pub fn step(world: &mut World, rules: &Protocol, cipher: Cipher, answer: Answer) -> Step {
    let frame = *world.top();
    let own = own_tag(world.depth() - 1);
    let mut call = Call { world, rules, cipher, frame, own, violation: None, ended: None };
    let (accesses, why) = call.advance(answer);
    let Call { frame, violation, ended, .. } = call;
    let mut violation = violation;
    match ended {
        None => *world.top() = frame,
        Some(end) => {
            world.pop();
            if end == End::Served {
                violation = violation.or_else(|| judge_return(world, &frame));
            }
        }
    }
    Step { accesses, word: world.memory.word, why, violation }
}

impl Call<'_> {
    fn advance(&mut self, answer: Answer) -> (Accesses, &'static str) {
        match self.frame.pc {
            Pc::HitGeneration | Pc::Locate | Pc::Generation => self.read_generation(),
            Pc::HitEarlyCount => {
                self.frame.remaining = self.world.memory.count;
                self.go(Pc::HitWord, &[(Part::Count, Read)], "reads the count before it holds the state")
            }
            Pc::HitWord | Pc::CompareWord => self.compare_word(),
            Pc::HitTake | Pc::Take => self.take(),
            Pc::HitCount => {
                self.frame.remaining = self.world.memory.count;
                self.begin_hit(&[(Part::Count, Read)])
            }
            Pc::HitPutBack => {
                self.change(self.rules.release_taken, self.tag(), idle(self.frame.generation), true);
                (self.frame.held, self.frame.hit) = (Held::No, false);
                self.go(
                    Pc::Locate,
                    &[(Part::Word, ReadWrite)],
                    "releases the state: the batch is too short for the fast path",
                )
            }
            Pc::Ready => self.ready(),
            Pc::InUse => self.look_in_use(),
            Pc::Mark => {
                self.mark_fetching();
                let next = if self.frame.at == 0 { Pc::Fetch } else { Pc::ZeroCount };
                self.go(next, &[(Part::Word, Write)], "marks the state as in use, without a key as yet")
            }
            Pc::Fetch => self.fetch(answer),
            Pc::ResetToSystemCall => {
                self.world.memory.word = 0;
                self.go(Pc::SystemCall, &[(Part::Word, Write)], "resets the state: the key could not be fetched")
            }
            Pc::ZeroCount => {
                self.world.memory.count = 0;
                self.go(Pc::LeaveFetching, &[(Part::Count, Write)], "stores that no bytes are left")
            }
            Pc::LeaveFetching => self.leave_fetching(),
            Pc::LateGeneration => {
                self.frame.generation = self.world.published;
                self.frame.at = 1;
                self.go(Pc::Mark, &[(Part::Generation, Read)], "reads the generation after the fetch")
            }
            Pc::Simd => self.go(Pc::Count, &[(Part::Simd, Read)], "reads which cipher the kernel allows"),
            Pc::Count => {
                self.frame.remaining = self.world.memory.count;
                self.frame.done = 0;
                self.produce(&[(Part::Count, Read)], "reads the count")
            }
            Pc::Copy => self.copy(),
            Pc::Erase => self.erase(),
            Pc::DirectCheck => {
                if self.world.memory.word == self.tag() {
                    self.go(Pc::Direct, &[(Part::Word, Read)], "checks the tag before direct groups: its own")
                } else {
                    self.go(Pc::Discard, &[(Part::Word, Read)], "checks the tag before direct groups: not its own")
                }
            }
            Pc::Direct | Pc::Refill => self.cipher(),
            Pc::StoreCount => {
                self.world.memory.count = self.frame.remaining;
                let next = self.first_check();
                self.go(next, &[(Part::Count, Write)], "stores the new count")
            }
            Pc::CheckGeneration => self.check_generation(),
            Pc::CheckWord => self.check_word(),
            Pc::Release => self.release(),
            Pc::LateCount => {
                self.world.memory.count = self.frame.remaining;
                self.end(
                    End::Served,
                    &[(Part::Count, Write)],
                    "stores the count after the release, and returns the bytes",
                )
            }
            Pc::Discard => self.discard(),
            Pc::SystemCall => {
                if answer == Answer::Refused && self.frame.left {
                    self.violation = Some(Violation::LeftInBuffer);
                }
                let why = match answer {
                    Answer::Whole => "returns what the system call returns",
                    _ => "returns the error of the system call",
                };
                self.end(End::Otherwise, &[(Part::Whole, Write)], why)
            }
            Pc::FlagTest
            | Pc::FlagSet
            | Pc::FlagClearToSystemCall
            | Pc::FlagNoKey
            | Pc::FlagStorePosition
            | Pc::FlagNewPosition => self.flag(),
        }
    }

    fn go(&mut self, next: Pc, accesses: Accesses, why: &'static str) -> (Accesses, &'static str) {
        self.frame.pc = next;
        (accesses, why)
    }

    fn end(&mut self, end: End, accesses: Accesses, why: &'static str) -> (Accesses, &'static str) {
        self.ended = Some(end);
        (accesses, why)
    }

    /// The word while the call holds the state.
    fn tag(&self) -> u16 {
        let common = u16::from(self.frame.generation) << 1;
        match (self.frame.held, self.rules.tags) {
            (Held::Fetched, Tags::Own) => self.own,
            _ => common,
        }
    }

    /// The word while the call fetches its key.
    fn fetching_tag(&self) -> u16 {
        FETCHING
            | match self.rules.tags {
                Tags::Own | Tags::OwnWhileFetching => self.own,
                Tags::Common => u16::from(self.frame.generation) << 1,
            }
    }

    /// Changes the word from `from` to `to`; returns whether the call could tell that it was `from`.
    fn change(&mut self, how: Change, from: u16, to: u16, sets_bit: bool) -> bool {
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

    fn matches(&self) -> bool {
        self.frame.generation != 0 || self.rules.zero_generation_matches
    }

    fn read_generation(&mut self) -> (Accesses, &'static str) {
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

    fn compare_word(&mut self) -> (Accesses, &'static str) {
        const READ: Accesses = &[(Part::Word, Read)];
        if self.rules.form == Form::Flag {
            return if self.world.memory.word == u16::from(self.frame.generation) {
                self.go(Pc::Count, READ, "compares the state's generation: the present one")
            } else {
                self.go(Pc::Mark, READ, "compares the state's generation: another one")
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

    fn take(&mut self) -> (Accesses, &'static str) {
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

    /// On the fast path, with a count.
    fn begin_hit(&mut self, accesses: Accesses) -> (Accesses, &'static str) {
        if self.frame.remaining < self.frame.len {
            return self.go(Pc::HitPutBack, accesses, "reads the count: too few bytes");
        }
        self.frame.moving = self.frame.len;
        self.frame.remaining -= self.frame.len;
        (self.frame.at, self.frame.done) = (0, 0);
        self.go(Pc::Copy, accesses, "reads the count: enough bytes")
    }

    fn ready(&mut self) -> (Accesses, &'static str) {
        const READ: Accesses = &[(Part::Ready, Read)];
        if !self.world.ready
            || (self.rules.form == Form::Word && self.frame.generation == 0 && !self.rules.zero_generation_fetches)
        {
            return self.go(Pc::SystemCall, READ, "the kernel's generator is not ready");
        }
        if self.frame.len == 0 {
            return self.end(End::Otherwise, READ, "returns 0: no bytes are wanted");
        }
        let next = if self.rules.form == Form::Flag { Pc::FlagTest } else { Pc::InUse };
        self.go(next, READ, "the kernel's generator is ready")
    }

    fn look_in_use(&mut self) -> (Accesses, &'static str) {
        const READ: Accesses = &[(Part::Word, Read)];
        let word = self.world.memory.word;
        if word != 0 && word & 1 == 0 && self.rules.respects_tag {
            return self.go(Pc::SystemCall, READ, "reads the word: in use, so the system call");
        }
        self.frame.found_zero = word == 0;
        self.frame.at = 0;
        let next = if self.rules.mark == Order::Before { Pc::Mark } else { Pc::Fetch };
        let why = if word == 0 { "reads the word: fresh" } else { "reads the word: not in use" };
        self.go(next, READ, why)
    }

    fn mark_fetching(&mut self) {
        self.frame.held = Held::Fetched;
        self.world.memory.word = match self.rules.form {
            Form::Word => self.fetching_tag(),
            Form::Flag => u16::from(self.frame.generation),
        };
    }

    fn fetch(&mut self, answer: Answer) -> (Accesses, &'static str) {
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

    fn leave_fetching(&mut self) -> (Accesses, &'static str) {
        const CHANGE: Accesses = &[(Part::Word, ReadWrite)];
        let (from, late) = (self.fetching_tag(), self.rules.mark == Order::After);
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

    /// With a count: serves from the batch, then from the cipher.
    fn produce(&mut self, accesses: Accesses, why: &'static str) -> (Accesses, &'static str) {
        let frame = &mut self.frame;
        let wanted = frame.len - frame.done;
        let moving = wanted.min(frame.remaining);
        frame.remaining -= moving;
        (frame.moving, frame.at) = (moving, 0);
        if moving > 0 {
            return self.go(Pc::Copy, accesses, why);
        }
        let next = self.after_batch();
        self.go(next, accesses, why)
    }

    /// When the batch has given what it has.
    fn after_batch(&mut self) -> Pc {
        let wanted = self.frame.len - self.frame.done;
        (self.frame.at, self.frame.counter) = (0, 0);
        match usize::from(wanted) {
            0 if self.rules.form == Form::Flag => self.first_check(),
            0 if self.rules.count_store == Order::After => self.first_check(),
            0 => Pc::StoreCount,
            GROUP_CELLS.. if self.rules.form == Form::Word && self.rules.direct_check => Pc::DirectCheck,
            GROUP_CELLS.. => Pc::Direct,
            _ => Pc::Refill,
        }
    }

    fn put(&mut self, value: Value) {
        let frame = &mut self.frame;
        if frame.pass > 1 && !self.rules.rewinds && frame.done + 1 >= frame.len {
            // The second pass began one cell late.
            self.violation = Some(Violation::Overrun);
        }
        frame.output[usize::from(frame.done)] = value;
        frame.done += 1;
        frame.floor = self.world.published;
    }

    fn copy(&mut self) -> (Accesses, &'static str) {
        const COPY: Accesses = &[(Part::Batch, Read), (Part::Output, Write)];
        let cell = usize::from(self.frame.remaining + self.frame.at);
        self.put(self.world.memory.batch[cell]);
        self.frame.at += 1;
        let next = if self.frame.at < self.frame.moving {
            Pc::Copy
        } else if self.rules.zeroes_batch {
            self.frame.at = 0;
            Pc::Erase
        } else {
            self.after_move()
        };
        self.go(next, COPY, "copies a cell of the batch to its buffer")
    }

    fn erase(&mut self) -> (Accesses, &'static str) {
        let cell = usize::from(self.frame.remaining + self.frame.at);
        self.world.memory.batch[cell] = Value::Zero;
        self.frame.at += 1;
        let next = if self.frame.at < self.frame.moving { Pc::Erase } else { self.after_move() };
        self.go(next, &[(Part::Batch, Write)], "zeroes a cell of the batch")
    }

    fn after_move(&mut self) -> Pc {
        match self.rules.form {
            Form::Flag => Pc::FlagStorePosition,
            Form::Word => self.after_batch(),
        }
    }

    fn cipher(&mut self) -> (Accesses, &'static str) {
        let direct = self.frame.pc == Pc::Direct;
        let routine = if direct { self.cipher.direct() } else { self.cipher.refill() };
        let (effect, accesses) = routine[usize::from(self.frame.at)];
        self.frame.at += 1;
        if effect == Effect::CheckTag && !self.rules.refill_check {
            return self.cipher();
        }
        let counter = if direct || self.rules.refill_counts_on { self.frame.counter } else { 0 };
        let Some(why) = self.effect(effect, counter) else {
            self.frame.register = None;
            return self.go(Pc::Discard, accesses, "checks the tag before the first store of a refill: not its own");
        };
        if usize::from(self.frame.at) < routine.len() {
            return (accesses, why);
        }
        self.frame.register = None;
        self.frame.at = 0;
        if !direct {
            self.frame.remaining = BATCH_CELLS as u8;
            if self.rules.form == Form::Flag {
                return self.go(Pc::FlagNewPosition, accesses, why);
            }
            return self.produce(accesses, why);
        }
        self.frame.counter += 1;
        let next = if self.frame.done == self.frame.len && !self.rules.always_refills {
            self.frame.remaining = 0;
            Pc::StoreCount
        } else {
            Pc::Refill
        };
        self.go(next, accesses, why)
    }

    /// The effect of a step of the cipher; `None` if the tag is not the call's.
    fn effect(&mut self, effect: Effect, counter: u8) -> Option<&'static str> {
        let register = self.frame.register.unwrap_or_default();
        let scratch_is_own = self.world.memory.batch[0] == Value::Scratch(register);
        let world = &mut *self.world;
        let spoiled = |world: &mut World| world.keys.faulty(Fault::Spoiled);
        match effect {
            Effect::Load | Effect::LoadOnly => {
                let key = world.keys.loaded(world.memory.key);
                self.frame.register = Some(key);
                if effect == Effect::Load {
                    world.memory.batch[0] = Value::Scratch(key);
                }
                Some("loads the key")
            }
            Effect::Add => {
                let again = world.keys.loaded(world.memory.key);
                if again != register || !scratch_is_own {
                    let mixed = spoiled(world);
                    self.frame.register = Some(mixed);
                    // The cipher goes on with a mix; the scratch is this call's again.
                    world.memory.batch[0] = Value::Scratch(mixed);
                }
                Some("permutes by way of the scratch, and adds the key")
            }
            Effect::CheckTag => (world.memory.word == self.tag())
                .then_some("checks the tag before the first store of a refill: its own"),
            Effect::Spill => {
                world.memory.batch[0] = Value::Scratch(register);
                Some("stores a word of all blocks to the scratch")
            }
            Effect::StoreKeyPart => {
                world.memory.key = Value::Key(spoiled(world));
                Some("stores a part of the next key")
            }
            Effect::StoreKey => {
                world.memory.key = Value::Key(world.keys.derive(register, counter));
                Some("stores the next key")
            }
            Effect::StoreUpper => {
                world.memory.batch[1] = Value::Stream { key: register, counter, cell: 2 };
                Some("stores the end of the batch")
            }
            Effect::StoreLower | Effect::StoreLowerOnly => {
                let key = if effect == Effect::StoreLower && !scratch_is_own { spoiled(world) } else { register };
                world.memory.batch[0] = Value::Stream { key, counter, cell: 1 };
                Some("stores the start of the batch")
            }
            Effect::Out | Effect::OutOnly => {
                let key = if effect == Effect::Out && !scratch_is_own { spoiled(world) } else { register };
                for cell in 0..GROUP_CELLS as u8 {
                    self.put(Value::Stream { key, counter, cell });
                }
                Some("writes a group to its buffer")
            }
        }
    }

    fn first_check(&self) -> Pc {
        match (self.rules.form, self.rules.second_look, self.rules.final_check) {
            (Form::Flag, ..) => Pc::CheckWord,
            (_, true, _) => Pc::CheckGeneration,
            (_, false, true) => Pc::CheckWord,
            _ => Pc::Release,
        }
    }

    fn check_generation(&mut self) -> (Accesses, &'static str) {
        const READ: Accesses = &[(Part::Generation, Read)];
        // With an in-use flag the state's generation was read right before, into the same variable.
        if self.world.published != self.frame.generation {
            return self.go(Pc::Discard, READ, "reads the generation again: another one");
        }
        let next = if self.rules.final_check && self.rules.form == Form::Word { Pc::CheckWord } else { Pc::Release };
        self.go(next, READ, "reads the generation again: the same")
    }

    fn check_word(&mut self) -> (Accesses, &'static str) {
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

    fn release(&mut self) -> (Accesses, &'static str) {
        if self.rules.form == Form::Flag {
            self.world.memory.flag = false;
            return self.end(End::Served, &[(Part::Word, Write)], "clears the in-use flag, and returns the bytes");
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
        self.end(End::Served, accesses, "releases the state, and returns the bytes")
    }

    fn discard(&mut self) -> (Accesses, &'static str) {
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

    /// The steps that only a protocol with an in-use flag has.
    fn flag(&mut self) -> (Accesses, &'static str) {
        match self.frame.pc {
            Pc::FlagTest if self.world.memory.flag => {
                self.go(Pc::SystemCall, &[(Part::Word, Read)], "reads the in-use flag: set, so the system call")
            }
            Pc::FlagTest => self.go(Pc::FlagSet, &[(Part::Word, Read)], "reads the in-use flag: clear"),
            Pc::FlagSet => {
                self.world.memory.flag = true;
                self.go(Pc::Generation, &[(Part::Word, Write)], "sets the in-use flag")
            }
            Pc::FlagNoKey => {
                self.world.memory.word = 0;
                self.go(Pc::FlagClearToSystemCall, &[(Part::Word, Write)], "stores generation 0: no key came")
            }
            Pc::FlagClearToSystemCall => {
                self.world.memory.flag = false;
                self.go(Pc::SystemCall, &[(Part::Word, Write)], "clears the in-use flag")
            }
            Pc::FlagStorePosition => {
                self.world.memory.count = self.frame.remaining;
                let next = self.after_batch();
                self.go(next, &[(Part::Count, Write)], "stores the new position")
            }
            _ => {
                // After a fetch the batch counts as used up; after a refill it is whole.
                let after_fetch = self.frame.held == Held::Fetched;
                self.frame.held = Held::No;
                let left = if after_fetch { 0 } else { self.frame.remaining };
                self.world.memory.count = left;
                self.frame.remaining = left;
                if after_fetch {
                    self.frame.done = 0;
                }
                self.produce(&[(Part::Count, Write)], "stores the position of the batch")
            }
        }
    }
}
