// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What the calls asked of the kernel, and what it is made to answer.

use crate::subject::Subject;
use crate::syscalls::{self, Call};
use std::io;
use std::ops::Range;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicUsize, Ordering::Relaxed};

/// How the kernel behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As always.
    Willing,
    /// The generation moves whenever a key is fetched.
    Restless,
    /// It refuses to fetch keys.
    NoKeys,
    /// It says that a key has no bytes, and writes none: what a seccomp filter can make of a system call.
    ShortKeys,
    /// It refuses everything.
    Nothing,
}

/// What it says when it refuses: a signal arrived first.
pub const REFUSAL: i32 = libc::EINTR;

const MOODS: [Mood; 5] = [Mood::Willing, Mood::Restless, Mood::NoKeys, Mood::ShortKeys, Mood::Nothing];

/// Counts of system calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Into the state: fetched keys.
    pub fetches: usize,
    /// For the whole request, as the caller made it.
    pub whole: usize,
    /// With any other arguments.
    pub strange: usize,
}

impl Counts {
    /// All of them.
    pub fn total(self) -> usize {
        self.fetches + self.whole + self.strange
    }

    /// These and those.
    pub fn plus(self, others: Self) -> Self {
        Self {
            fetches: self.fetches + others.fetches,
            whole: self.whole + others.whole,
            strange: self.strange + others.strange,
        }
    }

    /// What came on top of `earlier`.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            fetches: self.fetches - earlier.fetches,
            whole: self.whole - earlier.whole,
            strange: self.strange - earlier.strange,
        }
    }
}

/// The books of this process. The handler that writes them interrupts the thread that reads them, and no other.
struct Books {
    mood: AtomicU8,
    state: [AtomicUsize; 2],
    request: [AtomicUsize; 2],
    counts: [AtomicUsize; 3],
    restless: AtomicUsize,
    subject: AtomicPtr<Subject>,
}

static BOOKS: Books = Books {
    mood: AtomicU8::new(0),
    state: [const { AtomicUsize::new(0) }; 2],
    request: [const { AtomicUsize::new(0) }; 2],
    counts: [const { AtomicUsize::new(0) }; 3],
    restless: AtomicUsize::new(0),
    subject: AtomicPtr::new(null_mut()),
};

/// A restless kernel becomes quiet after so many fetches: more than any call should make, and the call ends.
const RESTLESS: usize = 16;

/// Begins to keep books, for calls of `subject` on the state at these addresses. It cannot be undone.
///
/// # Errors
/// What the operating system says.
///
/// # Safety
/// The subject outlives all calls of this process.
pub unsafe fn open(state: Range<usize>, subject: &Subject) -> io::Result<()> {
    BOOKS.subject.store((&raw const *subject).cast_mut(), Relaxed);
    BOOKS.state[0].store(state.start, Relaxed);
    BOOKS.state[1].store(state.end, Relaxed);
    syscalls::trap(answer)
}

/// The counts up to now.
pub fn counts() -> Counts {
    let [fetches, whole, strange] = [0, 1, 2].map(|at| BOOKS.counts[at].load(Relaxed));
    Counts { fetches, whole, strange }
}

/// Changes how the kernel behaves.
pub fn set_mood(mood: Mood) {
    BOOKS.restless.store(RESTLESS, Relaxed);
    BOOKS.mood.store(mood as u8, Relaxed);
}

/// The request under way, so that a system call for all of it is told from others. Returns the one before.
pub fn set_request([start, len]: [usize; 2]) -> [usize; 2] {
    [BOOKS.request[0].swap(start, Relaxed), BOOKS.request[1].swap(len, Relaxed)]
}

fn answer(call: Call) -> i64 {
    let [start, end] = [0, 1].map(|at| BOOKS.state[at].load(Relaxed));
    let is_fetch = (start..end).contains(&call.buffer);
    let is_whole = [call.buffer, call.len] == [0, 1].map(|at| BOOKS.request[at].load(Relaxed));
    let column = if is_fetch { 0 } else { 2 - usize::from(is_whole) };
    BOOKS.counts[column].fetch_add(1, Relaxed);
    match MOODS[usize::from(BOOKS.mood.load(Relaxed))] {
        Mood::Restless if is_fetch && BOOKS.restless.load(Relaxed) > 0 => {
            BOOKS.restless.fetch_sub(1, Relaxed);
            let result = syscalls::system_call(call);
            // SAFETY: it outlives all calls, by the promise of `open`.
            if let Some(subject) = unsafe { BOOKS.subject.load(Relaxed).as_ref() } {
                subject.move_generation();
            }
            result
        }
        Mood::NoKeys if is_fetch => -i64::from(REFUSAL),
        Mood::ShortKeys if is_fetch => 0,
        Mood::Nothing => -i64::from(REFUSAL),
        _ => syscalls::system_call(call),
    }
}
