// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Signal handlers that may be interrupted by their own signal.

use libc::{c_int, c_void, siginfo_t};
use std::io;
use std::ptr::null_mut;

/// A signal handler, as the kernel calls it.
pub type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

/// From now on `handler` runs for `signal`, also while it runs already.
///
/// # Errors
/// The operating system refuses.
pub fn handle(signal: c_int, handler: Handler) -> io::Result<()> {
    // SAFETY: all zero is a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER | libc::SA_RESTART;
    // SAFETY: `action` is complete and outlives the call.
    match unsafe { libc::sigaction(signal, &raw const action, null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
