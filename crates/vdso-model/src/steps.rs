// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The list of a call's accesses in the model, and the normal form in which it is compared with the object's list.

use crate::call::{Answer, begin, step};
use crate::cipher::Cipher;
use crate::frame::Pc;
use crate::memory::Memory;
use crate::protocol::Protocol;
use crate::scenario::{Bounds, Scenario, Start};
use crate::violation::abandon;
use crate::world::World;
use vdso_inject::labels::{Kind, Part};

/// One labelled access.
pub type Label = (Part, Kind);

/// Whether an access is a control access: one that every list has once. Moves of key, batch and buffer are not, because
/// their number of instructions depends on the cipher.
pub fn is_control(part: Part) -> bool {
    !matches!(part, Part::Key | Part::Batch | Part::Output)
}

/// The normal form of a list, which does not depend on the number of instructions of a move: removes repetitions of
/// adjacent accesses, unless they have a control access.
pub fn normal_form(labels: &[Label]) -> Vec<Label> {
    /// The longest repetition: the accesses of one pass of a cipher's loop.
    const LONGEST: usize = 16;
    let mut list = labels.to_vec();
    loop {
        let len = list.len();
        for period in 1..=LONGEST {
            let mut at = 0;
            while at + 2 * period <= list.len() {
                let (first, second) = list[at..at + 2 * period].split_at(period);
                if first == second && !first.iter().any(|(part, _)| is_control(*part)) {
                    list.drain(at..at + period);
                } else {
                    at += 1;
                }
            }
        }
        if list.len() == len {
            return list;
        }
    }
}

/// The events that a list of accesses can have before a control access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// Nothing.
    Nothing,
    /// The state becomes zero.
    Wipe,
    /// The kernel publishes another generation.
    Reseed,
    /// A handler draws.
    Draw,
    /// A handler draws, and is abandoned before this one of its control accesses.
    DrawAbandoned(usize),
    /// The state becomes zero, and a handler draws.
    WipeDraw,
    /// The state becomes zero, and a handler draws and is abandoned.
    WipeDrawAbandoned(usize),
}

/// The answers of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// It answers each request in full.
    Normal,
    /// It refuses to fetch keys.
    FetchFails,
    /// It fetches 0 bytes of a key.
    FetchShort,
    /// It refuses every system call.
    RefuseAll,
    /// Its generator is not ready.
    NotReady,
}

/// A call of the model whose accesses are listed.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The protocol.
    pub rules: Protocol,
    /// The state.
    pub start: Start,
    /// Number of cells to draw.
    pub len: u8,
    /// The cipher.
    pub cipher: Cipher,
    /// The answers of the kernel.
    pub kernel: Kernel,
}

impl Call {
    fn answer(&self, pc: Pc) -> Answer {
        match (self.kernel, pc) {
            (Kernel::FetchFails | Kernel::RefuseAll, Pc::Fetch) | (Kernel::RefuseAll, Pc::SystemCall) => {
                Answer::Refused
            }
            (Kernel::FetchShort, Pc::Fetch) => Answer::ShortEmpty,
            _ => Answer::Whole,
        }
    }

    fn root(&self) -> World {
        let bounds = Bounds { budget: Default::default(), ..crate::bounds::QUIET };
        let Self { rules, start, len, cipher, .. } = *self;
        let mut world = Scenario { rules, bounds, start, len, cipher }.root();
        world.ready = self.kernel != Kernel::NotReady;
        world
    }

    /// A handler's draw of one cell, to its end or up to one of its control accesses.
    fn draw(&self, world: &mut World, leave_at: Option<usize>) {
        let depth = world.depth();
        world.push(begin(&self.rules, 1));
        let mut controls = 0;
        while world.depth() > depth {
            if leave_at == Some(controls) {
                let frame = world.pop();
                abandon(world, &frame);
                return;
            }
            let answer = self.answer(world.top().pc);
            let made = step(world, &self.rules, self.cipher, answer);
            controls += made.accesses.iter().filter(|(part, _)| is_control(*part)).count();
        }
    }

    /// The accesses of the call, and the control accesses before which an event can happen in the model: those that begin a
    /// step.
    pub fn list(&self, when: usize, what: Disturbance) -> (Vec<Label>, Vec<usize>) {
        let mut world = self.root();
        let (mut labels, mut places, mut controls) = (Vec::new(), Vec::new(), 0);
        let mut open = what != Disturbance::Nothing;
        while world.depth() > 0 {
            if open && controls == when {
                open = false;
                self.happen(&mut world, what);
            }
            let answer = self.answer(world.top().pc);
            let made = step(&mut world, &self.rules, self.cipher, answer);
            labels.extend_from_slice(made.accesses);
            let new = made.accesses.iter().filter(|(part, _)| is_control(*part)).count();
            if made.accesses.first().is_some_and(|(part, _)| is_control(*part)) {
                places.push(controls);
            }
            controls += new;
        }
        (labels, places)
    }

    fn happen(&self, world: &mut World, what: Disturbance) {
        if matches!(what, Disturbance::Wipe | Disturbance::WipeDraw | Disturbance::WipeDrawAbandoned(_)) {
            world.memory = Memory::default();
        }
        match what {
            Disturbance::Nothing | Disturbance::Wipe => {}
            Disturbance::Reseed => {
                world.epoch += 1;
                world.published = world.epoch;
            }
            Disturbance::Draw | Disturbance::WipeDraw => self.draw(world, None),
            Disturbance::DrawAbandoned(at) | Disturbance::WipeDrawAbandoned(at) => self.draw(world, Some(at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Kind::{Read, ReadWrite, Write};

    #[test]
    fn normal_form_removes_repeated_moves_only() {
        let copy = [(Part::Batch, Read), (Part::Output, Write)];
        let list: Vec<Label> = [copy, copy, copy].concat();
        assert_eq!(normal_form(&list), copy);
        let chunk: Vec<Label> = [list.as_slice(), &[(Part::Batch, Write); 4]].concat();
        let moved: Vec<Label> = [chunk.as_slice(), &chunk, &chunk].concat();
        assert_eq!(normal_form(&moved), [copy[0], copy[1], (Part::Batch, Write)]);
        let controls = [(Part::Word, Read), (Part::Word, Read), (Part::Generation, Read), (Part::Generation, Read)];
        assert_eq!(normal_form(&controls), controls);
    }

    #[test]
    fn list_of_a_fast_path_draw_is_that_of_the_contract() {
        let call = Call {
            rules: Protocol::CURRENT,
            start: Start::Idle(2),
            len: 1,
            cipher: Cipher::Sse2,
            kernel: Kernel::Normal,
        };
        let (list, places) = call.list(0, Disturbance::Nothing);
        assert_eq!(
            list,
            [
                (Part::Generation, Read),
                (Part::Word, Read),
                (Part::Word, ReadWrite),
                (Part::Count, Read),
                (Part::Batch, Read),
                (Part::Output, Write),
                (Part::Batch, Write),
                (Part::Count, Write),
                (Part::Generation, Read),
                (Part::Word, Read),
                (Part::Word, ReadWrite),
            ]
        );
        assert_eq!(places, [0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
