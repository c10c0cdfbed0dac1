// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One thread of a soak, and the handler that interrupts it.

use super::Tally;
use crate::duplicates::Collector;
use crate::state::{Snapshot, StatePage};
use crate::timer::Timer;
use crate::vdso::Vdso;
use libc::{c_int, c_void};
use std::cell::{Cell, UnsafeCell};
use std::ptr::null;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering, compiler_fence};
use std::time::Duration;
use vdso_abi::state::{BATCH_LEN, GROUP_LEN};

/// Lengths of the draws: every path. Multiples of eight keep the words of a batch where they are, so that a batch or a key
/// that is used twice gives equal words.
const LENS: [usize; 13] = [8, 16, 24, 32, 40, 64, 104, 256, BATCH_LEN, BATCH_LEN + 8, GROUP_LEN, 1536, 4096];
/// Length of the draws of handlers.
const HANDLER_LEN: usize = 64;
/// Bytes that handlers have drawn and their thread has not collected.
struct Ring {
    slots: UnsafeCell<[[u8; HANDLER_LEN]; Self::SLOTS]>,
    written: AtomicUsize,
    read: AtomicUsize,
}

impl Ring {
    const SLOTS: usize = 64;

    /// Where the next draw goes, or `None` while there is no room. For the handler alone, which is never interrupted by
    /// itself.
    fn vacant(&self) -> Option<*mut [u8; HANDLER_LEN]> {
        let written = self.written.load(Ordering::Relaxed);
        let is_full = written - self.read.load(Ordering::Relaxed) == Self::SLOTS;
        (!is_full).then(|| self.slots.get().cast::<[u8; HANDLER_LEN]>().wrapping_add(written % Self::SLOTS))
    }

    /// Takes the oldest draw. For the thread alone.
    fn take(&self) -> Option<[u8; HANDLER_LEN]> {
        let read = self.read.load(Ordering::Relaxed);
        if read == self.written.load(Ordering::Relaxed) {
            return None;
        }
        compiler_fence(Ordering::SeqCst);
        // SAFETY: the handler, which runs on this thread alone, writes no slot that was not read.
        let slot = unsafe { *self.slots.get().cast::<[u8; HANDLER_LEN]>().wrapping_add(read % Self::SLOTS) };
        compiler_fence(Ordering::SeqCst);
        self.read.store(read + 1, Ordering::Relaxed);
        Some(slot)
    }
}

/// One thread's part.
pub struct Worker<'a> {
    vdso: &'a Vdso,
    page: StatePage,
    ring: Ring,
    in_mid_call: AtomicUsize,
}

thread_local! {
    /// The worker of this thread, a [`Worker`], while its handler may draw.
    static INTERRUPTED: Cell<*const c_void> = const { Cell::new(null()) };
}

impl<'a> Worker<'a> {
    /// A worker with a fresh state.
    pub fn new(vdso: &'a Vdso) -> Self {
        let ring = Ring {
            slots: UnsafeCell::new([[0; HANDLER_LEN]; Ring::SLOTS]),
            written: AtomicUsize::new(0),
            read: AtomicUsize::new(0),
        };
        Self { vdso, page: StatePage::new(), ring, in_mid_call: AtomicUsize::new(0) }
    }

    /// Replaces the contents of the state.
    pub fn begin_with(&self, contents: Snapshot) {
        self.page.state().write(contents);
    }

    /// Draws once, meets the others, and then draws until `is_done`, while a timer interrupts every `interval`. `seed`
    /// chooses the lengths.
    pub fn run(
        &self,
        seed: u64,
        interval: Duration,
        mut collector: Collector<'_>,
        all_have_begun: &Barrier,
        is_done: impl Fn() -> bool,
    ) -> Tally {
        let mut first = [0; 1024];
        self.vdso.draw(&mut first, self.page.state());
        collector.add(&first);
        all_have_begun.wait();
        INTERRUPTED.set((&raw const *self).cast());
        let timer = Timer::start(interval);
        let draws = self.draw(seed, collector, is_done);
        drop(timer);
        INTERRUPTED.set(null());
        let [handler_draws, in_mid_call] =
            [&self.ring.written, &self.in_mid_call].map(|counter| counter.load(Ordering::Relaxed));
        Tally { draws, handler_draws, in_mid_call }
    }

    /// Draws from the state that a signal finds, in use or not.
    fn draw_in_handler(&self) {
        let Some(slot) = self.ring.vacant() else { return };
        let word = self.page.state().word();
        // SAFETY: the thread does not look at a slot before it is counted.
        let returned = self.vdso.draw(unsafe { &mut *slot }, self.page.state());
        assert_eq!(returned, HANDLER_LEN as isize);
        if word != 0 && word & 1 == 0 {
            self.in_mid_call.fetch_add(1, Ordering::Relaxed);
        }
        compiler_fence(Ordering::SeqCst);
        self.ring.written.fetch_add(1, Ordering::Relaxed);
    }

    /// Draws until `is_done`; returns how often.
    fn draw(&self, seed: u64, mut collector: Collector<'_>, is_done: impl Fn() -> bool) -> usize {
        let (mut buffer, mut draws, mut random) = ([0; 4096], 0, seed);
        while !is_done() {
            // Any generator serves to choose lengths: this is a linear congruential one.
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            let len = LENS[(random >> 33) as usize % LENS.len()];
            assert_eq!(self.vdso.draw(&mut buffer[..len], self.page.state()), len as isize);
            collector.add(&buffer[..len]);
            draws += 1;
            while let Some(drawn) = self.ring.take() {
                collector.add(&drawn);
            }
        }
        draws
    }
}

/// The handler of the timers.
pub extern "C" fn on_timer(_signal: c_int) {
    let worker = INTERRUPTED.get().cast::<Worker>();
    if !worker.is_null() {
        // SAFETY: the worker outlives its place in the cell.
        unsafe { (*worker).draw_in_handler() };
    }
}
