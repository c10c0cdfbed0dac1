// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The list of a call's accesses in the built object, recorded by single steps.

use crate::steps::{Disturbance, Kernel, Label, is_control};
use std::cell::{Cell, RefCell};
use vdso_abi::state::{BATCH_LEN, GROUP_LEN};
use vdso_inject::Registers;
use vdso_inject::case::Entry;
use vdso_inject::harness::Harness;
use vdso_inject::kernel::{self, Behavior};
use vdso_inject::labels::AccessLog;
use vdso_inject::record::{Origin, Record};
use vdso_inject::step::{Next, Start, Stepper};

/// The history of the state before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// All zero.
    Fresh,
    /// Idle, with this number of unread bytes: at most half a batch, or all of it.
    Idle(usize),
    /// Half a batch of an earlier generation.
    Stale,
    /// In use by an abandoned call.
    InUse,
}

impl Fill {
    /// Prepares the state by draws, under any protocol.
    pub fn prepare(self, harness: &Harness<'_>, entry: Entry) {
        harness.wipe();
        let draw = |len| harness.draw(entry, len, Origin::Earlier, &mut Record::new());
        if self != Self::Fresh {
            // The first draw may leave the state without a generation (K9); both take all of a batch.
            draw(BATCH_LEN);
            draw(BATCH_LEN);
        }
        match self {
            Self::Fresh | Self::Idle(0) => {}
            Self::Idle(BATCH_LEN) => draw(GROUP_LEN),
            Self::Idle(left) => draw(BATCH_LEN - left),
            Self::Stale => {
                draw(BATCH_LEN / 2);
                harness.target().move_generation();
            }
            Self::InUse => {
                draw(BATCH_LEN / 2);
                abandoned_draw(harness, entry, 1, MIDDLE);
            }
        }
    }
}

/// A call of the object whose accesses are listed.
#[derive(Clone, Copy, Debug)]
pub struct ObjectCall {
    /// The entry point.
    pub entry: Entry,
    /// The state.
    pub fill: Fill,
    /// Number of bytes to draw.
    pub bytes: usize,
    /// Number of bytes that a handler draws.
    pub handler_bytes: usize,
    /// The answers of the kernel.
    pub kernel: Kernel,
}

/// The index of a control access that every call has in its middle.
const MIDDLE: usize = 3;

impl ObjectCall {
    /// Prepares the state and the kernel for the call, under any protocol.
    fn prepare(&self, harness: &Harness<'_>) {
        kernel::set_behavior(Behavior::Normal);
        harness.target().set_ready(true);
        self.fill.prepare(harness, self.entry);
        kernel::set_behavior(match self.kernel {
            Kernel::Normal | Kernel::NotReady => Behavior::Normal,
            Kernel::FetchFails => Behavior::FetchFails,
            Kernel::FetchShort => Behavior::FetchShort,
            Kernel::RefuseAll => Behavior::RefuseAll,
        });
        harness.target().set_ready(self.kernel != Kernel::NotReady);
    }

    fn happen(&self, harness: &Harness<'_>, what: Disturbance) {
        if matches!(what, Disturbance::Wipe | Disturbance::WipeDraw | Disturbance::WipeDrawAbandoned(_)) {
            harness.wipe();
        }
        match what {
            Disturbance::Nothing | Disturbance::Wipe => {}
            Disturbance::Reseed => harness.target().move_generation(),
            Disturbance::Draw | Disturbance::WipeDraw => {
                harness.draw(self.entry, self.handler_bytes, Origin::Handler, &mut Record::new());
            }
            Disturbance::DrawAbandoned(at) | Disturbance::WipeDrawAbandoned(at) => {
                abandoned_draw(harness, self.entry, self.handler_bytes, at)
            }
        }
    }

    /// The accesses of the call, with the disturbance `what` before its control access `when`.
    pub fn list(&self, harness: &Harness<'_>, when: usize, what: Disturbance) -> Vec<Label> {
        self.prepare(harness);
        let mut buffer = vec![0; self.bytes];
        let log = log(harness, &buffer);
        let open = Cell::new(what != Disturbance::Nothing);
        let hook = |registers: &mut Registers<'_>| {
            let is_there = log.borrow_mut().observe(registers, when);
            if open.get() && is_there {
                open.set(false);
                self.happen(harness, what);
            }
            Next::Step
        };
        let arguments = arguments(harness, &mut buffer);
        let request = kernel::set_request([arguments[0], arguments[1]]);
        // SAFETY: a buffer that is writable for the length, and a state; the harness has installed the handlers.
        unsafe {
            Stepper::new(harness.text(), &hook).call(harness.target().address(self.entry), arguments, Start::Step)
        };
        kernel::set_request(request);
        kernel::set_behavior(Behavior::Normal);
        harness.target().set_ready(true);
        log.into_inner().log.accesses.iter().map(|access| (access.part, access.kind)).collect()
    }
}

fn log(harness: &Harness<'_>, buffer: &[u8]) -> RefCell<Counted> {
    let start = buffer.as_ptr().addr();
    let log = AccessLog::new(harness.target().code().clone(), harness.state_range().start, start..start + buffer.len());
    RefCell::new(Counted { log, controls: 0 })
}

fn arguments(harness: &Harness<'_>, buffer: &mut [u8]) -> [usize; 5] {
    let state = harness.state_range();
    [buffer.as_mut_ptr().addr(), buffer.len(), 0, state.start, state.len()]
}

/// Makes a handler's draw, and abandons it before its control access `at`.
fn abandoned_draw(harness: &Harness<'_>, entry: Entry, bytes: usize, at: usize) {
    let mut buffer = vec![0; bytes];
    let log = log(harness, &buffer);
    let hook = |registers: &mut Registers<'_>| {
        if log.borrow_mut().observe(registers, at) { Next::Leave } else { Next::Step }
    };
    let arguments = arguments(harness, &mut buffer);
    // SAFETY: a buffer that is writable for the length, and a state; the harness has installed the handlers.
    unsafe { Stepper::new(harness.text(), &hook).call(harness.target().address(entry), arguments, Start::Step) };
}

/// A log that counts control accesses.
struct Counted {
    log: AccessLog,
    controls: usize,
}

impl Counted {
    /// Records the next instruction; returns whether it makes the control access `wanted`.
    fn observe(&mut self, registers: &Registers<'_>, wanted: usize) -> bool {
        let from = self.log.accesses.len();
        self.log.observe(registers);
        let before = self.controls;
        self.controls += self.log.accesses[from..].iter().filter(|access| is_control(access.part)).count();
        (before..self.controls).contains(&wanted)
    }
}
