// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A call: each step makes one access, and selects the next one.

mod batch;
mod context;
mod fetch;
mod finish;
mod flag;
mod keystream;
mod take;

use crate::cipher::{Accesses, Cipher};
use crate::frame::{Frame, Pc};
use crate::memory::own_tag;
use crate::protocol::{Form, Protocol};
use crate::violation::{Violation, check_return};
use crate::world::World;
use context::{Accessed, Call, End};
use vdso_inject::labels::Kind::{Read, Write};
use vdso_inject::labels::Part;

pub use context::Answer;

/// A completed step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The accesses.
    pub accesses: Accesses,
    /// The word after the step.
    pub word: u16,
    /// The purpose of the step, and its result.
    pub why: &'static str,
    /// The violation that it caused.
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
            if end == End::Filled {
                violation = violation.or_else(|| check_return(world, &frame));
            }
        }
    }
    Step { accesses, word: world.memory.word, why, violation }
}

impl Call<'_> {
    fn advance(&mut self, answer: Answer) -> Accessed {
        match self.frame.pc {
            Pc::HitGeneration | Pc::Locate | Pc::Generation => self.read_generation(),
            Pc::HitWord | Pc::CompareWord => self.compare_word(),
            Pc::HitTake | Pc::Take => self.take(),
            Pc::HitEarlyCount | Pc::HitCount => self.read_count_on_fast_path(),
            Pc::HitPutBack => self.put_back(),
            Pc::Ready => self.ready(),
            Pc::InUse => self.read_tag(),
            Pc::StoreTag => self.store_tag(),
            Pc::Fetch => self.fetch(answer),
            Pc::ResetToSystemCall => self.reset_to_system_call(),
            Pc::ZeroCount => self.zero_count(),
            Pc::LeaveFetching => self.leave_fetching(),
            Pc::LateGeneration => self.read_late_generation(),
            Pc::Simd => self.go(Pc::Count, &[(Part::Simd, Read)], "reads which cipher the kernel allows"),
            Pc::Count => self.read_count(),
            Pc::Copy => self.copy(),
            Pc::Erase => self.erase(),
            Pc::DirectCheck => self.check_before_direct_groups(),
            Pc::Direct | Pc::Refill => self.cipher(),
            Pc::StoreCount => self.store_count(),
            Pc::CheckGeneration => self.check_generation(),
            Pc::CheckWord => self.check_word(),
            Pc::Release => self.release(),
            Pc::LateCount => self.store_late_count(),
            Pc::Discard => self.discard(),
            Pc::SystemCall => self.system_call(answer),
            Pc::FlagTest
            | Pc::FlagSet
            | Pc::FlagClearToSystemCall
            | Pc::FlagNoKey
            | Pc::FlagStorePosition
            | Pc::FlagNewPosition => self.flag(),
        }
    }

    /// Falls back to the system call.
    fn system_call(&mut self, answer: Answer) -> Accessed {
        if answer == Answer::Refused && self.frame.left {
            self.violation = Some(Violation::LeftInBuffer);
        }
        let why = match answer {
            Answer::Whole => "returns what the system call returns",
            _ => "returns the error of the system call",
        };
        self.end(End::Otherwise, &[(Part::Whole, Write)], why)
    }
}
