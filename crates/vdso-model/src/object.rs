// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The built object, stepped through: the same list of accesses, taken from instructions.

use crate::steps::{Happening, Kernel, Label, is_control};
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
    /// Idle, with so many bytes of the batch left: at most half a batch, or all of it.
    Idle(usize),
    /// Half a batch of an earlier generation.
    Stale,
    /// A call was abandoned in the middle.
    InUse,
}

impl Fill {
    /// Makes the state, in any of the protocols.
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

/// A call of the object to be listed.
#[derive(Clone, Copy, Debug)]
pub struct ObjectCall {
    /// Through which function.
    pub entry: Entry,
    /// The state.
    pub fill: Fill,
    /// How many bytes it draws.
    pub bytes: usize,
    /// How many bytes a handler draws.
    pub handler_bytes: usize,
    /// How the kernel answers.
    pub kernel: Kernel,
}

/// A control access in the middle of every call.
const MIDDLE: usize = 3;

impl ObjectCall {
    /// Brings the state to where the call begins, in any of the protocols.
    fn prepare(&self, harness: &Harness<'_>) {
        kernel::set_behavior(Behavior::Normal);
        harness.target().set_ready(true);
        self.fill.prepare(harness, self.entry);
        kernel::set_behavior(match self.kernel {
            Kernel::Willing | Kernel::NotReady => Behavior::Normal,
            Kernel::NoKeys => Behavior::FetchFails,
            Kernel::ShortKeys => Behavior::FetchShort,
            Kernel::Nothing => Behavior::RefuseAll,
        });
        harness.target().set_ready(self.kernel != Kernel::NotReady);
    }

    fn happen(&self, harness: &Harness<'_>, what: Happening) {
        if matches!(what, Happening::Wipe | Happening::WipeDraw | Happening::WipeDrawAbandoned(_)) {
            harness.wipe();
        }
        match what {
            Happening::Nothing | Happening::Wipe => {}
            Happening::Reseed => harness.target().move_generation(),
            Happening::Draw | Happening::WipeDraw => {
                harness.draw(self.entry, self.handler_bytes, Origin::Handler, &mut Record::new());
            }
            Happening::DrawAbandoned(at) | Happening::WipeDrawAbandoned(at) => {
                abandoned_draw(harness, self.entry, self.handler_bytes, at)
            }
        }
    }

    /// The accesses of the call, where `what` happens before its control access `when`.
    pub fn list(&self, harness: &Harness<'_>, when: usize, what: Happening) -> Vec<Label> {
        self.prepare(harness);
        let mut buffer = vec![0; self.bytes];
        let log = log(harness, &buffer);
        let open = Cell::new(what != Happening::Nothing);
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
        // SAFETY: as above.
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

/// A handler's draw that is abandoned before its control access `at`.
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
    /// Records the next instruction; returns whether the control access `wanted` is in it.
    fn observe(&mut self, registers: &Registers<'_>, wanted: usize) -> bool {
        let from = self.log.accesses.len();
        self.log.observe(registers);
        let before = self.controls;
        self.controls += self.log.accesses[from..].iter().filter(|access| is_control(access.part)).count();
        (before..self.controls).contains(&wanted)
    }
}
