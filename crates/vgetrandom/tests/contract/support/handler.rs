// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Signal handlers.

use libc::{c_int, c_void, siginfo_t};

/// The function that the kernel calls.
pub type Handler = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);

/// From now on `handler` runs for `signal`, also while it runs already.
pub fn handle(signal: c_int, handler: Handler) {
    // SAFETY: all zero is a valid `sigaction`, and it outlives the call.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
        assert_eq!(libc::sigaction(signal, &raw const action, std::ptr::null_mut()), 0);
    }
}
