// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The events that can come next in a world.

use crate::call::{Answer, Step, begin, step};
use crate::frame::Pc;
use crate::memory::Memory;
use crate::protocol::{Form, Protocol};
use crate::scenario::Scenario;
use crate::value::{BATCH_CELLS, Value};
use crate::violation::{Violation, abandon, check_idle};
use crate::world::World;

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The innermost call makes its next access.
    Step(Answer),
    /// A signal handler begins to draw this number of cells.
    Handler(u8),
    /// The state becomes zero.
    Wipe,
    /// The handler forks; the exploration continues in the child.
    Fork,
    /// The page with key and batch becomes zero.
    WipeKey,
    /// The page with word and count becomes zero.
    WipeWord,
    /// The state is moved away, and its old address reads as zero.
    MoveAway,
    /// The state is moved back.
    MoveBack,
    /// The kernel takes a new base key.
    Reseed,
    /// The kernel publishes the new generation.
    Publish,
    /// The innermost call is abandoned.
    Abandon,
    /// The main program begins to draw this number of cells.
    Later(u8),
}

/// The outcome of an event.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The world afterwards; not canonical yet.
    pub world: World,
    /// The step, if the event is one.
    pub step: Option<Step>,
    /// The violation that it caused.
    pub violation: Option<Violation>,
}

/// The rules that the call at the top of the stack follows.
pub fn rules_of<'a>(scenario: &'a Scenario, world: &World) -> &'a Protocol {
    match scenario.bounds.handlers_follow {
        Some(rules) if world.depth() > 1 => rules,
        _ => &scenario.rules,
    }
}

/// Calls `found` for each event that can happen.
pub fn events(scenario: &Scenario, world: &World, mut found: impl FnMut(Event)) {
    let (bounds, budget) = (&scenario.bounds, &world.budget);
    let Some(top) = world.frames().last() else {
        if budget.later > 0 {
            bounds.later_lens.iter().for_each(|len| found(Event::Later(*len)));
        }
        return;
    };
    found(Event::Step(Answer::Whole));
    match top.pc {
        Pc::Fetch if budget.failed_fetches > 0 => {
            let short = [Answer::Refused, Answer::ShortEmpty, Answer::ShortPartial];
            short.into_iter().for_each(|answer| found(Event::Step(answer)));
        }
        Pc::SystemCall if budget.refusals > 0 => found(Event::Step(Answer::Refused)),
        _ => {}
    }
    if budget.handlers > 0 && world.has_room() {
        bounds.handler_lens.iter().for_each(|len| found(Event::Handler(*len)));
    }
    let is_zero = world.memory == Memory::default();
    if budget.wipes > 0 && !is_zero {
        found(Event::Wipe);
    }
    if budget.forks > 0 {
        found(Event::Fork);
    }
    if budget.half_wipes > 0 && !is_zero {
        found(Event::WipeKey);
        found(Event::WipeWord);
    }
    if budget.moves > 0 {
        found(if world.moved.is_some() { Event::MoveBack } else { Event::MoveAway });
    }
    if budget.reseeds > 0 && world.published > 0 && world.epoch == world.published {
        found(Event::Reseed);
    }
    if world.epoch > world.published && world.published > 0 {
        found(Event::Publish);
    }
    let may_abandon = if world.depth() == 1 { bounds.main_abandoned } else { bounds.handlers_abandoned };
    if may_abandon {
        found(Event::Abandon);
    }
}

/// Applies an event.
pub fn apply(scenario: &Scenario, before: &World, event: Event) -> Outcome {
    let mut world = *before;
    let mut made = None;
    let zero = Memory::default();
    match event {
        Event::Step(answer) => {
            if answer != Answer::Whole {
                let is_fetch = world.top().pc == Pc::Fetch;
                *(if is_fetch { &mut world.budget.failed_fetches } else { &mut world.budget.refusals }) -= 1;
            }
            made = Some(step(&mut world, rules_of(scenario, before), scenario.cipher, answer));
        }
        Event::Handler(len) => {
            world.budget.handlers -= 1;
            let rules = scenario.bounds.handlers_follow.unwrap_or(&scenario.rules);
            world.push(begin(rules, len));
        }
        Event::Wipe => {
            world.budget.wipes -= 1;
            world.memory = zero;
        }
        Event::Fork => {
            world.budget.forks -= 1;
            world.memory = zero;
            world.moved = world.moved.map(|_| zero);
            world.keys.as_mut_slice().iter_mut().for_each(|key| key.parents = true);
            for frame in world.frames_mut() {
                frame.finished |= matches!(frame.pc, Pc::Release | Pc::LateCount);
            }
        }
        Event::WipeKey => {
            world.budget.half_wipes -= 1;
            (world.memory.key, world.memory.batch) = (Value::Zero, [Value::Zero; BATCH_CELLS]);
        }
        Event::WipeWord => {
            world.budget.half_wipes -= 1;
            (world.memory.word, world.memory.flag, world.memory.count) = (0, false, 0);
        }
        Event::MoveAway => {
            world.budget.moves -= 1;
            world.moved = Some(std::mem::take(&mut world.memory));
        }
        Event::MoveBack => {
            world.budget.moves -= 1;
            world.memory = world.moved.take().unwrap_or_default();
        }
        Event::Reseed => {
            world.budget.reseeds -= 1;
            world.epoch += 1;
        }
        Event::Publish => world.published = world.epoch,
        Event::Abandon => {
            let frame = world.pop();
            abandon(&mut world, &frame);
        }
        Event::Later(len) => {
            world.budget.later -= 1;
            world.push(begin(&scenario.rules, len));
        }
    }
    let mut violation = made.and_then(|step| step.violation);
    if violation.is_none() && world.depth() == 0 {
        violation = check_states(&world, scenario.rules.form);
    }
    Outcome { world, step: made, violation }
}

/// Checks the state, and the state that was moved away.
fn check_states(world: &World, form: Form) -> Option<Violation> {
    check_idle(world, &world.memory, form).or_else(|| check_idle(world, world.moved.as_ref()?, form))
}
