// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The cost of signals: the kernel saves the registers to the user stack and restores them from there.

use super::VdsoFunction;
use super::interruptions::{self, Cost, Work};
use anyhow::{Result, ensure};
use std::mem::zeroed;
use std::ptr::null_mut;
use std::time::Instant;

const SIGNAL: i32 = libc::SIGUSR1;

/// Measures a signal that this thread raises and handles, after each kind of work.
///
/// # Errors
/// The kernel refuses the handler.
pub fn measure(functions: &[VdsoFunction], quick: bool) -> Result<Vec<Cost>> {
    extern "C" fn handle(_: i32) {}
    // SAFETY: all zero is a valid value of this C structure.
    let mut action: libc::sigaction = unsafe { zeroed() };
    action.sa_sigaction = handle as extern "C" fn(i32) as usize;
    // SAFETY: the handler does nothing, which it may do at any time, and stays set.
    let returned = unsafe { libc::sigaction(SIGNAL, &raw const action, null_mut()) };
    ensure!(returned == 0, "sigaction: {}", std::io::Error::last_os_error());
    let (rounds, times) = if quick { (5, 1000) } else { (15, 4000) };
    interruptions::measure(functions, (rounds, times, 1), signal_ns)
}

fn signal_ns(work: &mut Work, times: usize) -> Result<f64> {
    let start = Instant::now();
    for _ in 0..times {
        work.once();
        // SAFETY: no pointer is involved.
        unsafe { libc::raise(SIGNAL) };
    }
    Ok(start.elapsed().as_nanos() as f64 / times as f64)
}
