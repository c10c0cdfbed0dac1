// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Many threads that draw for long, each from its own state, while timers interrupt them: the handler draws from the state
//! of the thread that it interrupts, wherever that is. Meanwhile the generation moves, and the ciphers take turns.

mod worker;

use crate::duplicates::{Collector, WordPool, expected_by_chance};
use crate::state::Snapshot;
use crate::timer::Timer;
use crate::vdso::{GENERATION, Vdso};
use std::ops::AddAssign;
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use vdso_native::cpu_levels;
use worker::{Worker, on_timer};

/// How much to draw.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Threads, each with a separate state.
    pub threads: usize,
    /// Words of 64 bits after which to stop; they are all in memory at the end.
    pub words: usize,
    /// Seconds after which to stop in any case.
    pub seconds: Option<u64>,
    /// A fault to be found: the first two threads begin with copies of one state.
    pub twins: bool,
}

/// How often was drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Calls of threads.
    pub draws: usize,
    /// Calls of handlers.
    pub handler_draws: usize,
    /// Those of them that found a call on their state under way.
    pub in_mid_call: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.draws += other.draws;
        self.handler_draws += other.handler_draws;
        self.in_mid_call += other.in_mid_call;
    }
}

/// The result of a soak.
#[derive(Clone, Debug)]
pub struct Report {
    /// Words drawn, by threads and handlers.
    pub words: usize,
    /// All threads together.
    pub tally: Tally,
    /// How often the generation moved.
    pub reseeds: usize,
    /// Words that were not the first of their value.
    pub duplicates: Vec<u64>,
}

impl Report {
    /// Pairs of equal words to be expected of a perfect generator.
    pub fn expected_by_chance(&self) -> f64 {
        expected_by_chance(self.words)
    }
}

/// Words between two moves of the generation: counted, because a machine that is busy keeps no time.
const RESEED_WORDS: usize = 1 << 20;
/// Time between two reports of progress.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);
/// Time between two signals, over all threads together.
const SIGNAL_INTERVAL: Duration = Duration::from_micros(10);

/// Draws, and searches for duplicates. `progress` is told the number of words now and then.
pub fn run(options: Options, progress: impl Fn(usize)) -> Report {
    // The threads stop when the pool is full, and then add what they have.
    let pool = WordPool::with_capacity(options.words + options.threads * Collector::WORDS);
    let (vdso, started) = (Vdso::built(), Instant::now());
    let is_late = || options.seconds.is_some_and(|limit| started.elapsed() >= Duration::from_secs(limit));
    let reseeds = Mutex::new(0);
    // Run by every thread before each of its draws.
    let is_done = || {
        let due = pool.len() / RESEED_WORDS;
        // Under a lock, so that the generation never decreases; a thread that does not get the lock skips the reseed.
        if let Ok(mut reseeds) = reseeds.try_lock()
            && *reseeds < due
        {
            *reseeds = due;
            let ciphers = cpu_levels();
            vdso.data().set_simd(ciphers[due % ciphers.len()].simd);
            vdso.data().set_generation(GENERATION + due as u64);
        }
        pool.len() >= options.words || is_late()
    };
    let interval = SIGNAL_INTERVAL * u32::try_from(options.threads).expect("a few threads");
    // So that every state has been used before the generation moves for the first time.
    let all_have_begun = Barrier::new(options.threads + 1);
    let work = |number: usize| {
        let worker = Worker::new(&vdso);
        if options.twins && number < 2 {
            worker.begin_with(Snapshot::keyed(GENERATION, 1));
        }
        worker.run(number as u64, interval, pool.collector(), &all_have_begun, is_done)
    };
    Timer::on_signal(on_timer);
    let mut tally = Tally::default();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..options.threads).map(|number| scope.spawn(move || work(number))).collect();
        all_have_begun.wait();
        while !workers.iter().all(thread::ScopedJoinHandle::is_finished) {
            thread::sleep(PROGRESS_INTERVAL);
            progress(pool.len());
        }
        for worker in workers {
            tally += worker.join().expect("a worker panicked");
        }
    });
    Report {
        words: pool.len(),
        tally,
        reseeds: reseeds.into_inner().expect("no worker panicked"),
        duplicates: pool.into_duplicates(),
    }
}
