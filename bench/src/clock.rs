// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Clocks: of the core, and of the time-stamp counter.

use std::arch::asm;
use std::arch::x86_64::{__rdtscp, _mm_lfence, _rdtsc};
use std::time::{Duration, Instant};

/// The clock that the core runs at, which is neither the nominal one nor that of the time-stamp counter.
pub struct CoreClock;

impl CoreClock {
    /// Additions in one sample, each of which waits for the one before and takes one cycle.
    const ADDITIONS: usize = 400_000;
    /// Additions in one turn of the loop.
    const UNROLLED: usize = 8;

    /// The clock in gigahertz: the best of a few tries, because an interrupt makes it look slower and nothing faster.
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
    /// What all differences of its values are multiples of.
    step: u64,
}

impl Tsc {
    /// Values among which the step is sought: enough for differences of every length to occur.
    const LOOKS: usize = 10_000;

    /// Compares it with the operating system's clock.
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

    /// What it can tell apart, in nanoseconds: on some processors it moves in steps of a slower clock.
    pub fn step_ns(self) -> f64 {
        self.ns(self.step)
    }

    /// Its value, read after all that stands before it and before all that stands after it.
    #[inline(always)]
    pub fn begin() -> u64 {
        // SAFETY: every x86-64 processor has both, and Linux lets user space read the counter unless it was told not to.
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
        // SAFETY: as above; every processor that this is run on has rdtscp.
        unsafe {
            let ticks = __rdtscp(&raw mut processor);
            _mm_lfence();
            ticks
        }
    }

    /// A difference of two values in nanoseconds.
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
    fn the_step_divides_all_differences() {
        assert_eq!([52, 78, 26, 260].into_iter().fold(0, greatest_common_divisor), 26);
        assert_eq!([52, 78, 27].into_iter().fold(0, greatest_common_divisor), 1);
    }
}
