// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The steps that only a protocol with an in-use flag has.

use super::context::{Accessed, Call};
use crate::frame::{Held, Pc};
use vdso_inject::labels::Kind::{Read, Write};
use vdso_inject::labels::Part;

impl Call<'_> {
    /// The steps that only a protocol with an in-use flag has.
    pub(super) fn flag(&mut self) -> Accessed {
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
                // After a fetch the batch is empty; after a refill it is full.
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
