// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A thread that is interrupted at even intervals, wherever it is.

use libc::c_int;
use std::ptr::null_mut;
use std::time::Duration;

/// Signals for one thread, at even intervals, until it is dropped.
pub struct Timer(libc::timer_t);

impl Timer {
    const SIGNAL: c_int = libc::SIGUSR1;

    /// Makes `handler` the one of all timers.
    pub fn on_signal(handler: extern "C" fn(c_int)) {
        // SAFETY: all zero is a valid `sigaction`.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_RESTART;
        // SAFETY: `action` is complete and outlives the call.
        let installed = unsafe { libc::sigaction(Self::SIGNAL, &raw const action, null_mut()) };
        assert_eq!(installed, 0, "sigaction: {}", std::io::Error::last_os_error());
    }

    /// Starts a timer that signals the calling thread, for which [`on_signal`](Self::on_signal) has installed a handler.
    pub fn start(interval: Duration) -> Self {
        // SAFETY: all zero is a valid `sigevent`.
        let mut event: libc::sigevent = unsafe { std::mem::zeroed() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = Self::SIGNAL;
        // SAFETY: no pointer is involved.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
        let time = libc::timespec {
            tv_sec: interval.as_secs() as libc::time_t,
            tv_nsec: libc::c_long::from(interval.subsec_nanos()),
        };
        let times = libc::itimerspec { it_interval: time, it_value: time };
        let mut timer = null_mut();
        // SAFETY: event, times and timer outlive the calls.
        let started = unsafe {
            libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) == 0
                && libc::timer_settime(timer, 0, &raw const times, null_mut()) == 0
        };
        assert!(started, "timer: {}", std::io::Error::last_os_error());
        Self(timer)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // SAFETY: the timer is ours. A signal that is still pending finds no worker.
        unsafe { libc::timer_delete(self.0) };
    }
}
