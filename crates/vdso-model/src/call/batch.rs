// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Bytes of the batch: copied to the caller's buffer, then zeroed in the state.

use super::context::{Accessed, Call};
use crate::cipher::Accesses;
use crate::frame::{Held, Pc};
use crate::memory::idle;
use crate::protocol::{Form, Order};
use crate::value::{GROUP_CELLS, Value};
use crate::violation::Violation;
use vdso_inject::labels::Kind::{Read, ReadWrite, Write};
use vdso_inject::labels::Part;

impl Call<'_> {
    /// Reads the count on the fast path: after the take, or before it where the protocol is wrong on purpose.
    pub(super) fn read_count_on_fast_path(&mut self) -> Accessed {
        const READ: Accesses = &[(Part::Count, Read)];
        self.frame.remaining = self.world.memory.count;
        if self.frame.pc == Pc::HitEarlyCount {
            return self.go(Pc::HitWord, READ, "reads the count before it holds the state");
        }
        self.begin_hit(READ)
    }

    /// Continues the fast path with the count.
    pub(super) fn begin_hit(&mut self, accesses: Accesses) -> Accessed {
        if self.frame.remaining < self.frame.len {
            return self.go(Pc::HitPutBack, accesses, "reads the count: too few bytes");
        }
        self.frame.moving = self.frame.len;
        self.frame.remaining -= self.frame.len;
        (self.frame.at, self.frame.done) = (0, 0);
        self.go(Pc::Copy, accesses, "reads the count: enough bytes")
    }

    /// Releases the state on the fast path, because the batch is too short.
    pub(super) fn put_back(&mut self) -> Accessed {
        self.change(self.rules.release_taken, self.tag(), idle(self.frame.generation), true);
        (self.frame.held, self.frame.hit) = (Held::No, false);
        self.go(Pc::Locate, &[(Part::Word, ReadWrite)], "releases the state: the batch is too short for the fast path")
    }

    /// Reads the count on the slow path.
    pub(super) fn read_count(&mut self) -> Accessed {
        self.frame.remaining = self.world.memory.count;
        self.frame.done = 0;
        self.produce(&[(Part::Count, Read)], "reads the count")
    }

    /// Stores the count before the last checks.
    pub(super) fn store_count(&mut self) -> Accessed {
        self.world.memory.count = self.frame.remaining;
        let next = self.first_check();
        self.go(next, &[(Part::Count, Write)], "stores the new count")
    }

    /// Continues the slow path with the count: copies from the batch, then runs the cipher.
    pub(super) fn produce(&mut self, accesses: Accesses, why: &'static str) -> Accessed {
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

    /// The step after the last copy from the batch.
    pub(super) fn after_batch(&mut self) -> Pc {
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

    pub(super) fn put(&mut self, value: Value) {
        let frame = &mut self.frame;
        if frame.pass > 1 && !self.rules.rewinds && frame.done + 1 >= frame.len {
            // The second pass began one cell late.
            self.violation = Some(Violation::Overrun);
        }
        frame.output[usize::from(frame.done)] = value;
        frame.done += 1;
        frame.floor = self.world.published;
    }

    pub(super) fn copy(&mut self) -> Accessed {
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

    pub(super) fn erase(&mut self) -> Accessed {
        let cell = usize::from(self.frame.remaining + self.frame.at);
        self.world.memory.batch[cell] = Value::Zero;
        self.frame.at += 1;
        let next = if self.frame.at < self.frame.moving { Pc::Erase } else { self.after_move() };
        self.go(next, &[(Part::Batch, Write)], "zeroes a cell of the batch")
    }

    pub(super) fn after_move(&mut self) -> Pc {
        match self.rules.form {
            Form::Flag => Pc::FlagStorePosition,
            Form::Word => self.after_batch(),
        }
    }
}
