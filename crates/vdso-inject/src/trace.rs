// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One call from its first instruction to its last: its instructions and their memory accesses.

use crate::accesses::Accesses;
use crate::canary::CanaryBuffer;
use crate::case::Case;
use crate::harness::Harness;
use crate::kernel;
use crate::record::Record;
use crate::step::{Next, Start, Stepper};
use iced_x86::OpAccess;
use std::cell::RefCell;
use std::ops::Range;
use vdso_native::Registers;

/// The instructions of one call, in the order in which they are executed.
pub struct Trace {
    /// Address of the code.
    pub base: usize,
    /// Their offsets in the code, in bytes.
    pub offsets: Vec<usize>,
    /// The last one that reads the state without writing it. The call cannot notice later changes of the state.
    pub last_check: usize,
    /// The last one that writes the caller's buffer.
    pub last_store: Option<usize>,
    /// System calls that the call makes.
    pub system_calls: usize,
}

impl Trace {
    /// Steps through a call of this kind; again, if the kernel moves the generation meanwhile.
    pub fn of(harness: &Harness<'_>, case: &Case) -> Self {
        // A kernel reseeds about every minute.
        let mut attempts = 3;
        loop {
            let (trace, is_calm) = Self::once(harness, case);
            attempts -= 1;
            if is_calm || attempts == 0 {
                return trace;
            }
        }
    }

    fn once(harness: &Harness<'_>, case: &Case) -> (Self, bool) {
        harness.prepare(case, &mut Record::new());
        let mut buffer = CanaryBuffer::new(case.draw_len(), 0);
        let start = buffer.bytes().as_mut_ptr();
        let base = harness.target().code().start;
        let observer =
            RefCell::new(Observer::new(base, harness.state_range(), start.addr()..start.addr() + case.draw_len()));
        let hook = |registers: &mut Registers| {
            observer.borrow_mut().observe(registers);
            Next::Step
        };
        let (before, generation) = (kernel::counts(), harness.target().generation());
        harness.call(&Stepper::new(harness.text(), &hook), case, start, Start::Step);
        let Observer { offsets, last_check, last_store, .. } = observer.into_inner();
        let system_calls = kernel::counts().since(before).total();
        (Self { base, offsets, last_check, last_store, system_calls }, generation == harness.target().generation())
    }

    /// Where to put a breakpoint to get from one position, or from the start, to a later one, and how often it is passed
    /// in between.
    pub fn way(&self, from: Option<usize>, to: usize) -> (usize, usize) {
        let offset = self.offsets[to];
        let between = &self.offsets[from.unwrap_or(0)..to];
        (self.base + offset, between.iter().filter(|passed| **passed == offset).count())
    }
}

/// The memory accesses of a call, instruction by instruction.
struct Observer {
    base: usize,
    offsets: Vec<usize>,
    last_check: usize,
    last_store: Option<usize>,
    state: Range<usize>,
    buffer: Range<usize>,
    accesses: Accesses,
}

impl Observer {
    fn new(base: usize, state: Range<usize>, buffer: Range<usize>) -> Self {
        Self {
            base,
            offsets: Vec::new(),
            last_check: 0,
            last_store: None,
            state,
            buffer,
            accesses: Accesses::default(),
        }
    }

    fn observe(&mut self, registers: &Registers) {
        let position = self.offsets.len();
        self.offsets.push(registers.pc() - self.base);
        for (address, access) in self.accesses.next(registers) {
            if self.state.contains(&address) && access == OpAccess::Read {
                self.last_check = position;
            }
            if self.buffer.contains(&address) && matches!(access, OpAccess::Write | OpAccess::ReadWrite) {
                self.last_store = Some(position);
            }
        }
    }
}
