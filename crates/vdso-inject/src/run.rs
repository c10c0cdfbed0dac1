// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One run: a fresh state, one call, one event in the middle of it, and a few calls afterwards.

use crate::abandoned::Leave;
use crate::canary::CanaryBuffer;
use crate::case::Case;
use crate::event::{Action, Event, When};
use crate::harness::Harness;
use crate::kernel::{self, Behavior, Counts};
use crate::record::{Origin, Record};
use crate::step::{Next, Start, Stepper};
use crate::trace::Trace;
use std::cell::{Cell, RefCell};
use vdso_abi::state::BATCH_LEN;
use vdso_native::Registers;

/// The result of a run.
pub struct Outcome {
    /// The record of this process.
    pub parent: Box<Record>,
    /// That of a forked child, or its status from `waitpid(2)` if it failed.
    pub child: Option<Result<Box<Record>, i32>>,
}

/// How many bytes a handler, or a later call, draws: whole words, so that the same bytes are the same words.
const SHORT_DRAW: usize = 40;

/// Runs `case`, and lets `event` happen before instruction `position` of its trace.
pub fn run(
    harness: &Harness<'_>,
    case: &Case,
    trace: &Trace,
    event: Event,
    position: usize,
    rng: &mut fastrand::Rng,
) -> Outcome {
    let mut record = Record::new();
    harness.prepare(case, &mut record);
    let mut buffer = CanaryBuffer::new(case.draw_len(), rng.usize(..64));
    let generation = harness.target().generation();
    let run = Run {
        harness,
        case,
        event,
        next: Cell::new(0),
        position: Cell::new(position),
        trace,
        rng: RefCell::new(rng),
        record: RefCell::new(record),
        moves: Cell::new(0),
        before: kernel::counts(),
        at_event: Cell::new(None),
        at_loss: Cell::new(None),
        handlers: Cell::new(Counts::default()),
        side: Cell::new(Side::Alone),
    };
    let hook = |registers: &mut Registers| run.go_on(registers);
    let (address, passes) = trace.way(None, position);
    let start = if event.script().is_empty() { Start::Run } else { Start::Breakpoint(address, passes) };
    let returned = harness.call(&Stepper::new(harness.text(), &hook), case, buffer.bytes().as_mut_ptr(), start);
    kernel::set_behavior(Behavior::Normal);
    run.conclude(returned, &mut buffer);
    // From here on this may be the child.
    let Run { record, side, moves, .. } = run;
    let mut parent = record.into_inner();
    // The running kernel reseeds on its schedule as well, but rarely.
    let now = harness.target().generation();
    parent.disturbed = harness.target().is_shared() && (moves.get() == 0) != (now == generation);
    match side.get() {
        Side::Alone => Outcome { parent, child: None },
        Side::Parent(pid) => {
            let child = match wait(pid) {
                // SAFETY: the child wrote it before its good end.
                0 => Ok(Box::new(unsafe { harness.mailbox().as_ptr().read() })),
                status => Err(status),
            };
            Outcome { parent, child: Some(child) }
        }
        Side::Child => {
            // SAFETY: the parent reads it after our end.
            unsafe { harness.mailbox().as_ptr().write(*parent) };
            // SAFETY: ends the process without the parent's exit handlers.
            unsafe { libc::_exit(0) }
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Alone,
    Parent(i32),
    Child,
}

/// A run under way, as its handler sees it.
struct Run<'a, 'b> {
    harness: &'a Harness<'b>,
    case: &'a Case,
    trace: &'a Trace,
    event: Event,
    /// The next action of the script.
    next: Cell<usize>,
    /// The instruction of the last one.
    position: Cell<usize>,
    rng: RefCell<&'a mut fastrand::Rng>,
    record: RefCell<Box<Record>>,
    /// How often we have moved the generation.
    moves: Cell<usize>,
    /// System calls before the call.
    before: Counts,
    /// System calls before the event.
    at_event: Cell<Option<Counts>>,
    /// System calls when the key was last lost: by a wipe, a new generation, or in the child of a fork.
    at_loss: Cell<Option<Counts>>,
    /// System calls of calls made in handlers.
    handlers: Cell<Counts>,
    side: Cell<Side>,
}

impl Run<'_, '_> {
    /// At a stop: performs the next actions, and returns how the call continues.
    fn go_on(&self, _registers: &mut Registers) -> Next {
        if self.at_event.get().is_none() {
            self.at_event.set(Some(kernel::counts()));
        }
        loop {
            let Some((_, action)) = self.event.script().get(self.next.get()) else { return Next::Run };
            if *action == Action::Abandon {
                return Next::Leave;
            }
            self.act(*action);
            self.next.set(self.next.get() + 1);
            if let Some((When::Later, _)) = self.event.script().get(self.next.get()) {
                return self.later();
            }
        }
    }

    /// To any instruction between this one and the last.
    fn later(&self) -> Next {
        let (from, end) = (self.position.get(), self.trace.offsets.len());
        if from + 1 >= end {
            return Next::Run;
        }
        let to = self.rng.borrow_mut().usize(from + 1..end);
        self.position.set(to);
        let (address, passes) = self.trace.way(Some(from), to);
        Next::To(address, passes)
    }

    /// A small number of instructions: few and many are equally likely.
    fn a_few(&self) -> u32 {
        let mut rng = self.rng.borrow_mut();
        let magnitude = rng.u32(0..7);
        rng.u32(0..1 << magnitude)
    }

    fn act(&self, action: Action) {
        match action {
            Action::Draw => self.draw_in_handler(None),
            Action::NestedDraw => self.draw_in_handler(Some(self.a_few())),
            Action::AbandonedDraw => self.abandoned_draw(),
            Action::Wipe => {
                self.harness.wipe();
                self.lose_key();
            }
            Action::Generation => {
                self.lose_key();
                self.moves.set(self.moves.get() + 1);
                self.harness.target().move_generation();
            }
            Action::Fork { child_draws } => {
                self.fork();
                if matches!(self.side.get(), Side::Child) {
                    self.lose_key();
                    if child_draws {
                        self.draw_in_handler(None);
                    }
                }
            }
            Action::Kernel(behavior) => kernel::set_behavior(behavior),
            Action::Abandon => {}
        }
    }

    fn lose_key(&self) {
        self.at_loss.set(Some(kernel::counts()));
    }

    /// Draws. A second draw interrupts the first one after `interrupted_after` instructions, if given.
    fn draw_in_handler(&self, interrupted_after: Option<u32>) {
        let before = kernel::counts();
        let len = self.handlers_len();
        let mut buffer = [0; Harness::MAX_DRAW];
        let mut record = self.record.borrow_mut();
        let mut inner = Record::new();
        {
            let left = Cell::new(interrupted_after.unwrap_or(0));
            let second = RefCell::new(&mut inner);
            let hook = |_: &mut Registers| {
                if left.get() > 0 {
                    left.set(left.get() - 1);
                    return Next::Step;
                }
                self.harness.draw(self.case.entry, SHORT_DRAW, Origin::Handler, &mut second.borrow_mut());
                Next::Run
            };
            let start = if interrupted_after.is_some() { Start::Step } else { Start::Run };
            let stepper = Stepper::new(self.harness.text(), &hook);
            self.harness.draw_with(&stepper, self.case.entry, &mut buffer[..len], start, Origin::Handler, &mut record);
        }
        record.other_returned = record.other_returned.or(inner.other_returned);
        for (origin, bytes) in inner.parts() {
            record.push(origin, bytes);
        }
        self.handlers.set(self.handlers.get().plus(kernel::counts().since(before)));
    }

    fn abandoned_draw(&self) {
        let before = kernel::counts();
        let len = self.handlers_len();
        let leave = Leave::by_chance(len, &mut self.rng.borrow_mut());
        let mut record = self.record.borrow_mut();
        self.harness.abandoned_draws().draw(self.harness, self.case.entry, len, leave, &mut record);
        self.handlers.set(self.handlers.get().plus(kernel::counts().since(before)));
    }

    /// Length of a handler's draw; one of eight needs a second batch.
    fn handlers_len(&self) -> usize {
        if self.rng.borrow_mut().u8(..8) == 0 {
            self.harness.batch_len().min(BATCH_LEN) + SHORT_DRAW
        } else {
            SHORT_DRAW
        }
    }

    fn fork(&self) {
        // SAFETY: the child goes on with this thread alone, which holds no lock: it was interrupted in a call that has none.
        self.side.set(match unsafe { libc::fork() } {
            // If `fork` fails, skip the event.
            -1 => return,
            0 => Side::Child,
            pid => Side::Parent(pid),
        });
    }

    /// After the call: records how it ended, and draws again.
    fn conclude(&self, returned: Option<isize>, buffer: &mut CanaryBuffer) {
        let at_end = kernel::counts();
        let mut record = self.record.borrow_mut();
        let record = &mut **record;
        record.left = returned.is_none();
        record.returned = returned.unwrap_or(0);
        record.overrun = buffer.overrun();
        record.left_bytes = record.returned < 0 && !buffer.is_clear();
        if record.returned > 0 {
            let len = buffer.bytes().len().min(record.returned as usize);
            record.push(Origin::Interrupted, &buffer.bytes()[..len]);
        }
        let at_event = self.at_event.get();
        record.reached = at_event.is_some() || self.event.script().is_empty();
        let handlers = self.handlers.get();
        record.calls = at_end.since(self.before).since(handlers).total();
        record.unexpected_calls = at_end.since(self.before).unexpected;
        // Where the handler's call fetched a key, the interrupted one may find it and need none.
        record.took_notice = at_event.is_some_and(|at_event| {
            let both = at_end.since(at_event);
            both.since(handlers).total() > 0 || both.fetches > 0
        });
        let mut earlier = at_end;
        for calls in 0..record.later_calls.len() {
            self.harness.draw(self.case.entry, SHORT_DRAW, Origin::Later, record);
            let now = kernel::counts();
            record.later_calls[calls] = now.since(earlier).total();
            earlier = now;
            if calls == 0 {
                record.lacks_key = self.at_loss.get().is_some_and(|at_loss| now.since(at_loss).fetches == 0);
            }
        }
        // In one run of eight past the next refill, whose key must not have been used before.
        if self.rng.borrow_mut().u8(..8) == 0 {
            for len in [self.harness.batch_len().min(BATCH_LEN) + SHORT_DRAW, SHORT_DRAW] {
                self.harness.draw(self.case.entry, len, Origin::Later, record);
            }
        }
        self.harness.copy_state(&mut record.state);
    }
}

/// Waits for a child, and returns its status.
fn wait(pid: i32) -> i32 {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    while unsafe { libc::waitpid(pid, &raw mut status, 0) } == -1 {}
    status
}
