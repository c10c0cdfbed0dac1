// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The cost of context switches: two processes on one processor pass a byte back and forth.

use super::VdsoFunction;
use super::interruptions::{self, Cost, Work};
use crate::pinned::Pinned;
use anyhow::{Result, ensure};
use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::time::Instant;

/// Round trips that are not timed, in which a new process faults in its pages.
const WARM_UP: usize = 200;

/// Measures round trips after each kind of work. Both processes do the work before each byte.
///
/// # Errors
/// The kernel refuses processes, pipes or the processor.
pub fn measure(functions: &[VdsoFunction], quick: bool) -> Result<Vec<Cost>> {
    let _pinned = Pinned::here()?;
    let (rounds, trips) = if quick { (5, 1000) } else { (15, 4000) };
    interruptions::measure(functions, (rounds, trips, 2), round_trip_ns)
}

/// Nanoseconds of a round trip, which is two context switches.
fn round_trip_ns(work: &mut Work, trips: usize) -> Result<f64> {
    let (mut from_child, to_parent) = pipe()?;
    let (from_parent, mut to_child) = pipe()?;
    // SAFETY: this process has one thread here.
    let child = unsafe { libc::fork() };
    ensure!(child >= 0, "fork: {}", std::io::Error::last_os_error());
    if child == 0 {
        // Close the child's copies of the parent's pipe ends, so that the child ends when the parent does.
        drop((from_child, to_child));
        answer(work, trips + WARM_UP, from_parent, to_parent);
    }
    drop((from_parent, to_parent));
    let timed = (|| {
        trip(work, WARM_UP, &mut from_child, &mut to_child)?;
        let start = Instant::now();
        trip(work, trips, &mut from_child, &mut to_child)?;
        anyhow::Ok(start.elapsed().as_nanos() as f64 / trips as f64)
    })();
    drop((from_child, to_child));
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    let waited = unsafe { libc::waitpid(child, &raw mut status, 0) };
    ensure!(waited == child && status == 0, "the other process ended with status {status:#x}");
    timed
}

fn trip(work: &mut Work, trips: usize, from: &mut PipeReader, to: &mut PipeWriter) -> std::io::Result<()> {
    let mut byte = [0];
    for _ in 0..trips {
        work.once();
        to.write_all(&byte)?;
        from.read_exact(&mut byte)?;
    }
    Ok(())
}

/// The loop of the child, which ends after `trips` answers, or when the parent ends.
fn answer(work: &mut Work, trips: usize, mut from: PipeReader, mut to: PipeWriter) -> ! {
    let mut byte = [0];
    let done = (0..trips).try_for_each(|_| {
        from.read_exact(&mut byte)?;
        work.once();
        to.write_all(&byte)
    });
    // SAFETY: no pointer is involved. The exit handlers are the parent's.
    unsafe { libc::_exit(i32::from(done.is_err())) }
}
