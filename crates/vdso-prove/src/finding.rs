// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A violated claim with its place.

use crate::fault::{Claim, Fault};
use crate::program::Subroutine;
use std::fmt;

/// A violated claim: routine, instruction and reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the routine.
    pub routine: String,
    /// The instruction; `None` where the whole routine is meant.
    pub place: Option<Spot>,
    /// The claim.
    pub claim: Claim,
    /// How it is violated.
    pub text: String,
}

/// An instruction of a routine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The distance from the start of the routine, in bytes.
    pub offset: u64,
    /// The instruction as text; empty where none can be decoded.
    pub instruction: String,
}

impl Finding {
    /// A finding at an address of a routine, or about all of it.
    pub fn new(routine: Subroutine<'_>, address: Option<u64>, fault: Fault) -> Self {
        let place = address.map(|address| Spot {
            offset: address.wrapping_sub(routine.function.address),
            instruction: routine.program.instruction(address).map(|found| found.to_string()).unwrap_or_default(),
        });
        Self { routine: routine.function.name.clone(), place, claim: fault.claim, text: fault.text }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { routine, place, claim, text } = self;
        write!(f, "error[cipher/{claim}]: {}: {routine}", claim.title())?;
        if let Some(Spot { offset, instruction }) = place {
            write!(f, "+{offset:#x}: `{instruction}`")?;
        }
        write!(f, ": {text}")
    }
}
