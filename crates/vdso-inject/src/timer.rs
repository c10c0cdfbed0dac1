// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Injection without breakpoints: a timer's signal arrives somewhere in a long call, its handler forks, and the child draws in
//! the handler. No code is changed.

use crate::campaign::{ended_well, fork};
use crate::case::Entry;
use crate::duplicates::{ZeroKey, words};
use crate::shared::{Shared, SharedValue};
use crate::target::Target;
use crate::{Error, harness, signals};
use libc::{c_int, c_void, siginfo_t};
use std::collections::HashSet;
use std::fmt;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};
use vdso_native::Registers;

/// Length of the interrupted call, in bytes.
pub const LEN: usize = 1 << 16;

/// Length of the child's draw in the handler, in bytes.
const DRAWN: usize = 64;

/// Length of each side's later draw, in bytes.
const LATER: usize = 4096;

/// More calls than it takes for a signal to arrive within one so often.
const CALLS: usize = 200;

/// The result of a run by timer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimerReport {
    /// Forks in the middle of a call.
    pub forks: usize,
    /// Those after which a word was returned twice.
    pub repeated: usize,
    /// Those after which a word of the keystream of the all-zero key was returned.
    pub zero_key: usize,
    /// Those after which even later calls of the two sides returned the same bytes.
    pub later: usize,
    /// The most bytes of the interrupted call that were the same in parent and child.
    pub most_equal: usize,
}

/// Everything that one side returned.
#[repr(C)]
struct Returned {
    interrupted: [u8; LEN],
    handler: [u8; DRAWN],
    later: [u8; LATER],
}

/// The counts, to which the calling process adds.
#[derive(Default)]
struct Counts {
    forks: AtomicUsize,
    repeated: AtomicUsize,
    zero_key: AtomicUsize,
    later: AtomicUsize,
    most_equal: AtomicUsize,
}

// SAFETY: zeros are numbers, and all of them are atomic.
unsafe impl SharedValue for Counts {}

/// Interrupts calls of `target` until `forks` signals have arrived in the middle of one.
///
/// # Errors
/// The operating system refuses, or the process that calls was killed.
pub fn by_timer(target: &Target, forks: usize, progress: &mut dyn FnMut(usize, usize)) -> Result<TimerReport, Error> {
    let counts: Shared<Counts> = Shared::new()?;
    let pid = fork(|| Caller::new(&target.again()?)?.call(forks, &counts))?;
    while !ended_well(pid)? {
        progress(counts.forks.load(Relaxed).min(forks), forks);
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(TimerReport {
        forks: counts.forks.load(Relaxed),
        repeated: counts.repeated.load(Relaxed),
        zero_key: counts.zero_key.load(Relaxed),
        later: counts.later.load(Relaxed),
        most_equal: counts.most_equal.load(Relaxed),
    })
}

/// The process that calls, as the handler finds it.
struct Caller<'a> {
    target: &'a Target,
    entry: Entry,
    state: *mut u8,
    /// Reached through this pointer alone, because the handler writes it as well.
    ours: *mut Returned,
    childs: Shared<Returned>,
    /// The forked child; 0 before the fork, -1 within the child.
    child: AtomicI32,
}

static CALLER: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

impl<'a> Caller<'a> {
    fn new(target: &'a Target) -> Result<Self, Error> {
        let ours = Box::into_raw(Box::new(Returned { interrupted: [0; LEN], handler: [0; DRAWN], later: [0; LATER] }));
        let entry = *target.entries().last().expect("a target has a function");
        let (state, childs) = (harness::map_state(target)?, Shared::new()?);
        Ok(Self { target, entry, state, ours, childs, child: AtomicI32::new(0) })
    }

    fn call(self, forks: usize, counts: &Counts) -> Result<(), Error> {
        let ours = self.ours;
        signals::handle(libc::SIGALRM, on_signal).map_err(Error::system("a handler for SIGALRM"))?;
        let usual = self.duration();
        let zero_key = ZeroKey::default();
        let mut rng = fastrand::Rng::with_seed(1);
        for _ in 0..forks * CALLS {
            if counts.forks.load(Relaxed) == forks {
                break;
            }
            self.child.store(0, Relaxed);
            // SAFETY: no call is under way, and all zero is a value.
            unsafe { ours.write_bytes(0, 1) };
            CALLER.store((&raw const self).cast_mut().cast(), Relaxed);
            set_timer(usual.mul_f64(rng.f64()).max(Duration::from_micros(1)));
            // SAFETY: the whole of the buffer.
            unsafe { self.draw((&raw mut (*ours).interrupted).cast(), LEN) };
            CALLER.store(null_mut(), Relaxed);
            set_timer(Duration::ZERO);
            // SAFETY: the whole of the buffer.
            unsafe { self.draw((&raw mut (*ours).later).cast(), LATER) };
            match self.child.load(Relaxed) {
                0 => {}
                -1 => {
                    // SAFETY: the parent reads it after our end, which comes without its exit handlers.
                    unsafe {
                        self.childs.as_ptr().copy_from_nonoverlapping(ours, 1);
                        libc::_exit(0)
                    }
                }
                pid => self.compare(pid, &zero_key, counts)?,
            }
        }
        Ok(())
    }

    /// How long the call takes.
    fn duration(&self) -> Duration {
        const TIMES: u32 = 20;
        let mut buffer = vec![0; LEN];
        let start = Instant::now();
        for _ in 0..TIMES {
            // SAFETY: the whole of the buffer.
            unsafe { self.draw(buffer.as_mut_ptr(), LEN) };
        }
        start.elapsed() / TIMES
    }

    /// Fills `buffer`.
    ///
    /// # Safety
    /// It is writable for `len` bytes.
    unsafe fn draw(&self, buffer: *mut u8, len: usize) {
        type Getrandom = unsafe extern "C" fn(*mut u8, usize, u32, *mut u8, usize) -> isize;
        // SAFETY: the function takes these arguments, the last one if it is the one with five.
        let function = unsafe { std::mem::transmute::<usize, Getrandom>(self.target.address(self.entry)) };
        // SAFETY: the caller's promise, and a state.
        let returned = unsafe { function(buffer, len, 0, self.state, self.target.state().len) };
        assert_eq!(returned, len as isize, "a call of {len} bytes");
    }

    fn in_handler(&self, pc: usize) {
        let ours = self.ours;
        // Not after the last byte: a call cannot notice a fork after its last check.
        // SAFETY: the last byte of the buffer, which the interrupted call may be writing.
        let goes_on = unsafe { (&raw const (*ours).interrupted[LEN - 1]).read_volatile() } == 0;
        if !self.target.code().contains(&pc) || !goes_on || self.child.load(Relaxed) != 0 {
            return;
        }
        // SAFETY: the process has one thread.
        match unsafe { libc::fork() } {
            -1 => {}
            0 => {
                self.child.store(-1, Relaxed);
                // SAFETY: the whole of the buffer.
                unsafe { self.draw((&raw mut (*ours).handler).cast(), DRAWN) };
            }
            pid => self.child.store(pid, Relaxed),
        }
    }

    /// Holds what the child returned against what we did.
    fn compare(&self, pid: i32, zero_key: &ZeroKey, counts: &Counts) -> Result<(), Error> {
        while !ended_well(pid)? {
            std::thread::yield_now();
        }
        // SAFETY: the child, which wrote its part, has ended, and no call of ours is under way.
        let (ours, childs) = unsafe { (&*self.ours, &*self.childs.as_ptr()) };
        let all: [&[u8]; 5] = [&ours.interrupted, &ours.later, &childs.interrupted, &childs.handler, &childs.later];
        let mut seen = HashSet::new();
        let repeated = all.iter().flat_map(|bytes| words(bytes)).filter(|(_, word)| !seen.insert(*word)).count();
        let zeros = seen.iter().filter(|word| zero_key.has(**word)).count();
        let pairs = ours.interrupted.iter().zip(&childs.interrupted);
        counts.forks.fetch_add(1, Relaxed);
        counts.repeated.fetch_add(usize::from(repeated > 0), Relaxed);
        counts.zero_key.fetch_add(usize::from(zeros > 0), Relaxed);
        counts.later.fetch_add(usize::from(ours.later[LATER / 2..] == childs.later[LATER / 2..]), Relaxed);
        counts.most_equal.fetch_max(pairs.filter(|(ours, childs)| ours == childs).count(), Relaxed);
        Ok(())
    }
}

extern "C" fn on_signal(_signal: c_int, _info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a handler with SA_SIGINFO its context.
    let pc = unsafe { Registers::of(context) }.pc();
    // SAFETY: set for the time of a call by the only thread, which uses nothing of it meanwhile.
    if let Some(caller) = unsafe { CALLER.load(Relaxed).cast::<Caller<'_>>().as_ref() } {
        caller.in_handler(pc);
    }
}

/// One signal after this time; none after no time.
fn set_timer(delay: Duration) {
    let zero = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let delay = libc::timeval { tv_sec: 0, tv_usec: libc::suseconds_t::from(delay.subsec_micros()) };
    let timer = libc::itimerval { it_interval: zero, it_value: delay };
    // SAFETY: the structure outlives the call.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, null_mut()) };
}

impl fmt::Display for TimerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { forks, repeated, zero_key, later, most_equal } = self;
        writeln!(f, "{forks} forks by a timer's signal in the middle of a call of {LEN} bytes")?;
        writeln!(f, "{repeated} of them: a word was returned twice; {zero_key}: a word made with the all-zero key")?;
        writeln!(f, "{later} of them: later calls of parent and child return the same bytes")?;
        writeln!(f, "{most_equal} bytes of one call were the same in parent and child at most")
    }
}
