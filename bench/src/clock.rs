// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The core clock and the time-stamp counter.

use std::arch::asm;
use std::arch::x86_64::{__rdtscp, _mm_lfence, _rdtsc};
use std::time::{Duration, Instant};

/// The actual clock of the core, which differs from its nominal clock and from that of the time-stamp counter.
pub struct CoreClock;

impl CoreClock {
    /// Additions in one sample. Each depends on the one before and takes one cycle.
    const ADDITIONS: usize = 400_000;
    /// Additions in one turn of the loop.
    const UNROLLED: usize = 8;

    /// The clock in gigahertz: the best of a few samples, because interrupts only make a sample slower.
    pub fn sample_ghz() -> f64 {
        (0..5).map(|_| Self::sample_once()).fold(0.0, f64::max)
    }

    fn sample_once() -> f64 {
        let start = Instant::now();
        // SAFETY: arithmetic in registers.
        unsafe {
            asm!(
                "2:",
                "add {sum}, {sum}", "add {sum}, {sum}", "add {sum}, {sum}", "add {sum}, {sum}",
                "add {sum}, {sum}", "add {sum}, {sum}", "add {sum}, {sum}", "add {sum}, {sum}",
                "dec {turns}",
                "jnz 2b",
                sum = inout(reg) 1_u64 => _,
                turns = inout(reg) Self::ADDITIONS / Self::UNROLLED => _,
                options(nomem, nostack),
            );
        }
        Self::ADDITIONS as f64 / start.elapsed().as_nanos() as f64
    }
}

/// The time-stamp counter, for single calls.
#[derive(Clone, Copy, Debug)]
pub struct Tsc {
    ns_per_tick: f64,
    /// The greatest common divisor of all differences of its values.
    step: u64,
}

impl Tsc {
    /// Number of values from which the step is computed: enough for differences of every length to occur.
    const LOOKS: usize = 10_000;

    /// Calibrates the counter by the clock of the operating system.
    pub fn calibrate() -> Self {
        let (start, first) = (Instant::now(), Self::begin());
        while start.elapsed() < Duration::from_millis(50) {
            std::hint::spin_loop();
        }
        let ticks = Self::end() - first;
        let ns_per_tick = start.elapsed().as_nanos() as f64 / ticks as f64;
        let values: Vec<u64> = (0..Self::LOOKS).map(|_| Self::begin()).collect();
        let step = values.windows(2).map(|pair| pair[1] - pair[0]).fold(0, greatest_common_divisor);
        Self { ns_per_tick, step }
    }

    /// The resolution in nanoseconds: on some processors the counter moves in steps of a slower clock.
    pub fn step_ns(self) -> f64 {
        self.ns(self.step)
    }

    /// Its value, read after all that stands before it and before all that stands after it.
    #[inline(always)]
    pub fn begin() -> u64 {
        // SAFETY: every x86-64 processor has both, and Linux lets user space read the counter by default.
        unsafe {
            _mm_lfence();
            let ticks = _rdtsc();
            _mm_lfence();
            ticks
        }
    }

    /// Its value, read after all that stands before it and before all that stands after it.
    #[inline(always)]
    pub fn end() -> u64 {
        let mut processor = 0;
        // SAFETY: as above; rdtscp exists on every processor that the benchmark supports.
        unsafe {
            let ticks = __rdtscp(&raw mut processor);
            _mm_lfence();
            ticks
        }
    }

    /// Converts a difference of two values to nanoseconds.
    pub fn ns(self, ticks: u64) -> f64 {
        ticks as f64 * self.ns_per_tick
    }
}

fn greatest_common_divisor(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { greatest_common_divisor(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_divides_all_differences() {
        assert_eq!([52, 78, 26, 260].into_iter().fold(0, greatest_common_divisor), 26);
        assert_eq!([52, 78, 27].into_iter().fold(0, greatest_common_divisor), 1);
    }
}
