// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The violations that a run can show.

use crate::case::{Case, DataPage};
use crate::duplicates::{RunWords, WordPosition, ZeroKey, windows, words};
use crate::event::{Action, Event};
use crate::kernel::{Behavior, REFUSAL};
use crate::record::{Origin, Record};
use crate::run::Outcome;
use crate::trace::Trace;
use std::fmt;

/// A violation of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The interrupted call returned this.
    Returned(isize),
    /// Another call returned this.
    OtherReturned(isize),
    /// A byte outside of the buffer was written, so far from its start.
    Overrun(isize),
    /// The process was ended by this signal; `SIGALRM` says that it hung.
    Killed(i32),
    /// The child ended with this status of `waitpid(2)`.
    ChildEnded(i32),
    /// This word was returned twice within the run.
    Repeated {
        /// The eight bytes, as a little-endian number.
        word: u64,
        /// Where it was returned first.
        first: Side,
        /// Where it was returned again.
        again: Side,
    },
    /// This word was returned by two runs.
    RepeatedAcrossRuns(u64),
    /// This word is part of the keystream of the all-zero key.
    ZeroKey(u64, Side),
    /// Eight zeros were returned.
    Zeros(Side),
    /// This word was returned, and is still in the state.
    KeptInState(u64, Side),
    /// Bytes were left in the buffer of a call that failed.
    KeptInBuffer,
    /// The third of the later calls still made a system call, or one before it more than one.
    SlowForEver,
    /// The interrupted call made so many system calls.
    ManySystemCalls(usize),
    /// A system call had arguments that were neither a fetch of a key nor the caller's own.
    UnexpectedSystemCall,
    /// The generation moved before the last byte was written, and the call did not restart or fall back.
    Unnoticed,
    /// Bytes were returned without a new key, although the old one was lost.
    NoNewKey,
    /// A draw in a handler made the call restart, so the handler's call changed the state.
    Disturbed,
}

/// A call of one of the two processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// Which call.
    pub origin: Origin,
    /// Whether it was the child's.
    pub child: bool,
    /// Offset in what it returned, in bytes.
    pub offset: u16,
}

/// The verdict on a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The event did not happen.
    Unreached,
    /// The kernel moved the generation meanwhile.
    Disturbed,
    /// No violation.
    Kept,
    /// No violation, except the bytes of a call that was forked after its last check. No protocol can prevent that: a fork
    /// right after the return does the same.
    Finished,
    /// A violation.
    Violated(Fault),
}

/// An injection: a case with its trace, and an event before one of its instructions.
pub type Injection<'a> = (&'a Case, &'a Trace, Event, usize);

/// Checks runs one by one, and passes on the words of those that kept the contract for the comparison across runs.
pub struct Judge {
    words: RunWords,
    /// Those of them that no earlier call returned.
    returned: Vec<u64>,
    zero_key: ZeroKey,
}

impl Default for Judge {
    /// Knows no run yet.
    fn default() -> Self {
        Self { words: RunWords::default(), returned: Vec::new(), zero_key: ZeroKey::default() }
    }
}

impl Judge {
    /// Checks the result of a run. `keep` receives each returned word of a run without a violation.
    pub fn judge(&mut self, run: Injection<'_>, outcome: &Outcome, keep: &mut dyn FnMut(u64)) -> Verdict {
        let parent = &*outcome.parent;
        if !parent.reached {
            return Verdict::Unreached;
        }
        if parent.disturbed {
            return Verdict::Disturbed;
        }
        let child = match &outcome.child {
            None => None,
            Some(Ok(record)) => Some(&**record),
            Some(Err(status)) => return Verdict::Violated(Fault::ChildEnded(*status)),
        };
        let (_, trace, _, position) = run;
        let finished = position > trace.last_check
            && child.is_some_and(|child| child.interrupted().is_some() && child.interrupted() == parent.interrupted());
        let fault = [Some(parent), child]
            .into_iter()
            .flatten()
            .find_map(|record| conduct(run, record))
            .or_else(|| self.bytes(parent, child, finished));
        if let Some(fault) = fault {
            return Verdict::Violated(fault);
        }
        self.returned.iter().copied().for_each(keep);
        if finished { Verdict::Finished } else { Verdict::Kept }
    }

    /// The returned bytes of both processes.
    fn bytes(&mut self, parent: &Record, child: Option<&Record>, finished: bool) -> Option<Fault> {
        self.words.clear();
        self.returned.clear();
        let mut parts: Vec<(Origin, bool, &[u8])> =
            parent.parts().map(|(origin, bytes)| (origin, false, bytes)).collect();
        // Both records have the bytes from before the fork.
        let is_childs = |origin: Origin| match origin {
            Origin::Earlier => false,
            Origin::Interrupted => !finished,
            Origin::Handler | Origin::Abandoned | Origin::Later => true,
        };
        parts.extend(
            child
                .into_iter()
                .flat_map(Record::parts)
                .filter(|(origin, _)| is_childs(*origin))
                .map(|(origin, bytes)| (origin, true, bytes)),
        );
        let side = |place: WordPosition| {
            let (origin, child, _) = parts[usize::from(place.part)];
            Side { origin, child, offset: place.offset }
        };
        for (part, (origin, _, bytes)) in parts.iter().enumerate() {
            for (offset, word) in words(bytes) {
                let place = WordPosition { part: part as u16, offset: offset as u16 };
                if word == 0 {
                    return Some(Fault::Zeros(side(place)));
                }
                if let Some(first) = self.words.insert(word, place) {
                    return Some(Fault::Repeated { word, first: side(first), again: side(place) });
                }
                if *origin != Origin::Earlier {
                    if self.zero_key.has(word) {
                        return Some(Fault::ZeroKey(word, side(place)));
                    }
                    self.returned.push(word);
                }
            }
        }
        for (part, (origin, _, bytes)) in parts.iter().enumerate() {
            for (offset, word) in windows(bytes) {
                let place = WordPosition { part: part as u16, offset: offset as u16 };
                if word == 0 {
                    return Some(Fault::Zeros(side(place)));
                }
                if *origin != Origin::Earlier
                    && offset % 8 != 0
                    && let Some(first) = self.words.find(word)
                {
                    return Some(Fault::Repeated { word, first: side(first), again: side(place) });
                }
            }
        }
        let states = [Some(parent), child];
        let mut kept = states.into_iter().flatten().flat_map(|record| windows(&record.state));
        kept.find_map(|(_, word)| {
            let side = side(self.words.find(word)?);
            // A call that was abandoned between copy and wipe leaves what it copied, in a state that stays in use (R4).
            (side.origin != Origin::Abandoned).then_some(Fault::KeptInState(word, side))
        })
    }
}

/// The results and system calls, apart from the bytes.
fn conduct((case, trace, event, position): Injection<'_>, record: &Record) -> Option<Fault> {
    let nothing = event.has(|action| action == Action::Kernel(Behavior::RefuseAll));
    let abandoned = record.left || event.abandons_draw();
    // A fetch, another one after a restart, and one for the whole request.
    if record.calls > 3 {
        return Some(Fault::ManySystemCalls(record.calls));
    }
    if let Some(offset) = record.overrun {
        return Some(Fault::Overrun(offset));
    }
    if let Some(returned) = record.other_returned {
        return Some(Fault::OtherReturned(returned));
    }
    let refused = nothing && record.returned == -(REFUSAL as isize);
    if !record.left && !refused && record.returned != case.draw_len() as isize {
        return Some(Fault::Returned(record.returned));
    }
    if record.left_bytes {
        return Some(Fault::KeptInBuffer);
    }
    if record.unexpected_calls > 0 {
        return Some(Fault::UnexpectedSystemCall);
    }
    // R4: an abandoned state may be served by system call for ever; and no key is fetched without a generation.
    if abandoned || case.data_page == DataPage::NoGeneration {
        return None;
    }
    if event == Event::Draw && record.calls > trace.system_calls {
        return Some(Fault::Disturbed);
    }
    let moved_first = event.moves_generation() && !event.has(|action| action == Action::Wipe);
    if moved_first && trace.last_store.is_some_and(|last| position <= last) && !record.took_notice {
        return Some(Fault::Unnoticed);
    }
    if record.lacks_key {
        return Some(Fault::NoNewKey);
    }
    // K9: a state that was wiped takes two draws, and each of them one fetch, until the third needs none.
    let [first, second, third] = record.later_calls;
    if first > 1 || second > 1 || third > 0 {
        return Some(Fault::SlowForEver);
    }
    None
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, child, offset } = self;
        write!(f, "{origin}{}, offset {offset}", if *child { " in the child" } else { "" })
    }
}

impl Fault {
    /// The kind of violation, in a few words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Returned(_) | Self::OtherReturned(_) => "wrong count returned",
            Self::Overrun(_) => "written beside the buffer",
            Self::Killed(_) | Self::ChildEnded(_) => "process ended",
            Self::Zeros(_) => "zeros returned",
            Self::Repeated { .. } => "bytes returned twice",
            Self::RepeatedAcrossRuns(_) => "bytes returned in two runs",
            Self::ZeroKey(..) => "bytes of the all-zero key",
            Self::KeptInState(..) => "returned bytes kept in the state",
            Self::KeptInBuffer => "bytes left by a failed call",
            Self::SlowForEver => "slow for ever",
            Self::ManySystemCalls(_) => "more than one restart",
            Self::UnexpectedSystemCall => "other arguments for the kernel",
            Self::Unnoticed => "new generation unnoticed",
            Self::NoNewKey => "no new key",
            Self::Disturbed => "disturbed by a handler's draw",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned(returned) => write!(f, "the interrupted call returned {returned}"),
            Self::OtherReturned(returned) => write!(f, "a handler's or a later call returned {returned}"),
            Self::Overrun(offset) => write!(f, "a byte was written {offset} bytes from the start of the buffer"),
            Self::Killed(libc::SIGALRM) => f.write_str("the call did not come back"),
            Self::Killed(signal) => write!(f, "the process was killed by signal {signal}"),
            Self::ChildEnded(status) => write!(f, "the forked child ended with status {status:#x}"),
            Self::Repeated { word, first, again } => {
                write!(f, "{word:016x} was returned by {first}, and again by {again}")
            }
            Self::RepeatedAcrossRuns(word) => write!(f, "{word:016x} was returned in two runs"),
            Self::ZeroKey(word, side) => write!(f, "{word:016x}, returned by {side}, is made with the all-zero key"),
            Self::Zeros(side) => write!(f, "eight zeros were returned by {side}"),
            Self::KeptInState(word, side) => write!(f, "{word:016x}, returned by {side}, is still in the state"),
            Self::KeptInBuffer => f.write_str("the call failed, and bytes were left in its buffer"),
            Self::SlowForEver => f.write_str("later calls still need a system call each"),
            Self::ManySystemCalls(count) => write!(f, "the call made {count} system calls"),
            Self::UnexpectedSystemCall => f.write_str("a system call had other arguments than the caller's"),
            Self::Unnoticed => f.write_str("the generation moved before the last byte was written, without notice"),
            Self::NoNewKey => f.write_str("bytes were returned without a new key, although the old one had gone"),
            Self::Disturbed => f.write_str("a handler's draw made the call start over"),
        }
    }
}
