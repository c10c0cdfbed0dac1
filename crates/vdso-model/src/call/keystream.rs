// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Steps of the cipher: direct groups and refills.
use super::context::{Accessed, Call};
use crate::cipher::{Accesses, Effect};
use crate::frame::Pc;
use crate::protocol::Form;
use crate::value::{BATCH_CELLS, Fault, GROUP_CELLS, Value};
use crate::world::World;
use vdso_inject::labels::Kind::Read;
use vdso_inject::labels::Part;

impl Call<'_> {
    /// Checks the tag before direct groups.
    pub(super) fn check_before_direct_groups(&mut self) -> Accessed {
        const READ: Accesses = &[(Part::Word, Read)];
        if self.world.memory.word == self.tag() {
            self.go(Pc::Direct, READ, "checks the tag before direct groups: its own")
        } else {
            self.go(Pc::Discard, READ, "checks the tag before direct groups: not its own")
        }
    }

    pub(super) fn cipher(&mut self) -> Accessed {
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
            return self.go(Pc::Discard, accesses, "checks the tag in a refill: not its own");
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

    /// Applies the effect of a step of the cipher; `None` if a check finds another tag than the call's.
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
                    // The cipher continues with a mix of keys, and this call has overwritten the scratch.
                    world.memory.batch[0] = Value::Scratch(mixed);
                }
                Some("permutes by way of the scratch, and adds the key")
            }
            Effect::CheckTag => (world.memory.word == self.tag()).then_some("checks the tag in a refill: its own"),
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
}
