// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The system calls of a target: counts them, and decides how the kernel answers.

use crate::syscalls::{self, Call};
use crate::target::Target;
use std::io;
use std::ops::Range;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicUsize, Ordering::Relaxed};

/// How the kernel behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behavior {
    /// It executes every system call.
    Normal,
    /// The generation moves with each key fetch.
    ReseedPerFetch,
    /// It refuses to fetch keys.
    FetchFails,
    /// A key fetch returns 0 and writes nothing, as a seccomp filter can make it.
    FetchShort,
    /// It refuses every system call.
    RefuseAll,
}

/// The error of a refused call: a signal arrived first.
pub const REFUSAL: i32 = libc::EINTR;

const BEHAVIORS: [Behavior; 5] =
    [Behavior::Normal, Behavior::ReseedPerFetch, Behavior::FetchFails, Behavior::FetchShort, Behavior::RefuseAll];

/// Counts of system calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Key fetches: into the state.
    pub fetches: usize,
    /// Fallbacks, with the caller's arguments.
    pub whole: usize,
    /// With any other arguments.
    pub unexpected: usize,
}

impl Counts {
    /// All of them.
    pub fn total(self) -> usize {
        self.fetches + self.whole + self.unexpected
    }

    /// The sum.
    pub fn plus(self, others: Self) -> Self {
        Self {
            fetches: self.fetches + others.fetches,
            whole: self.whole + others.whole,
            unexpected: self.unexpected + others.unexpected,
        }
    }

    /// The difference to `earlier`.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            fetches: self.fetches - earlier.fetches,
            whole: self.whole - earlier.whole,
            unexpected: self.unexpected - earlier.unexpected,
        }
    }
}

/// The counts and the behavior for this process. The handler that writes them interrupts only the thread that reads them.
struct Kernel {
    behavior: AtomicU8,
    state: [AtomicUsize; 2],
    request: [AtomicUsize; 2],
    counts: [AtomicUsize; 3],
    reseeds: AtomicUsize,
    target: AtomicPtr<Target>,
}

static KERNEL: Kernel = Kernel {
    behavior: AtomicU8::new(0),
    state: [const { AtomicUsize::new(0) }; 2],
    request: [const { AtomicUsize::new(0) }; 2],
    counts: [const { AtomicUsize::new(0) }; 3],
    reseeds: AtomicUsize::new(0),
    target: AtomicPtr::new(null_mut()),
};

/// Reseeds by [`Behavior::ReseedPerFetch`]: more than any call should need, so that the call ends.
const RESEEDS: usize = 16;

/// Begins to count, for calls of `target` on the state at these addresses. It cannot be undone.
///
/// # Errors
/// The operating system refuses.
///
/// # Safety
/// The target outlives all calls of this process.
pub unsafe fn open(state: Range<usize>, target: &Target) -> io::Result<()> {
    KERNEL.target.store((&raw const *target).cast_mut(), Relaxed);
    KERNEL.state[0].store(state.start, Relaxed);
    KERNEL.state[1].store(state.end, Relaxed);
    syscalls::trap(answer)
}

/// The counts up to now.
pub fn counts() -> Counts {
    let [fetches, whole, unexpected] = [0, 1, 2].map(|at| KERNEL.counts[at].load(Relaxed));
    Counts { fetches, whole, unexpected }
}

/// Changes how the kernel behaves.
pub fn set_behavior(behavior: Behavior) {
    KERNEL.reseeds.store(RESEEDS, Relaxed);
    KERNEL.behavior.store(behavior as u8, Relaxed);
}

/// The request under way, so that a system call for all of it is told from others. Returns the one before.
pub fn set_request([start, len]: [usize; 2]) -> [usize; 2] {
    [KERNEL.request[0].swap(start, Relaxed), KERNEL.request[1].swap(len, Relaxed)]
}

fn answer(call: Call) -> i64 {
    let [start, end] = [0, 1].map(|at| KERNEL.state[at].load(Relaxed));
    let is_fetch = (start..end).contains(&call.buffer);
    let is_whole = [call.buffer, call.len] == [0, 1].map(|at| KERNEL.request[at].load(Relaxed));
    let column = if is_fetch { 0 } else { 2 - usize::from(is_whole) };
    KERNEL.counts[column].fetch_add(1, Relaxed);
    match BEHAVIORS[usize::from(KERNEL.behavior.load(Relaxed))] {
        Behavior::ReseedPerFetch if is_fetch && KERNEL.reseeds.load(Relaxed) > 0 => {
            KERNEL.reseeds.fetch_sub(1, Relaxed);
            let result = syscalls::system_call(call);
            // SAFETY: it outlives all calls, by the promise of `open`.
            if let Some(target) = unsafe { KERNEL.target.load(Relaxed).as_ref() } {
                target.move_generation();
            }
            result
        }
        Behavior::FetchFails if is_fetch => -i64::from(REFUSAL),
        Behavior::FetchShort if is_fetch => 0,
        Behavior::RefuseAll => -i64::from(REFUSAL),
        _ => syscalls::system_call(call),
    }
}
