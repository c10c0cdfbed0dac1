// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Something that happens in the middle of a call: at the store that touches an inaccessible page.

use libc::{c_int, c_void, siginfo_t};
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

type Hook = Box<dyn Fn(usize) -> bool + Send + Sync>;

static HOOK: OnceLock<Hook> = OnceLock::new();
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// More faults than any test wants: a hook that never opens the page ends here.
const LIMIT: usize = 10_000;

/// From now on `hook` is given the address of each bad access. It opens the page and returns true, or returns false for
/// another address, on which the process dies.
///
/// # Panics
/// When the process does it twice.
pub fn on_fault(hook: impl Fn(usize) -> bool + Send + Sync + 'static) {
    assert!(HOOK.set(Box::new(hook)).is_ok(), "one hook for each process");
    // SAFETY: all zero is a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_sigsegv as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
    // SAFETY: `action` is complete and outlives the call.
    let installed = unsafe { libc::sigaction(libc::SIGSEGV, &raw const action, null_mut()) };
    assert_eq!(installed, 0, "sigaction: {}", std::io::Error::last_os_error());
}

/// How many bad accesses there were.
pub fn count() -> usize {
    COUNT.load(Ordering::Relaxed)
}

/// Lets the next bad access of this process end it, as without any handler.
pub fn die_on_fault() {
    // SAFETY: the default action needs no handler.
    unsafe { libc::signal(libc::SIGSEGV, libc::SIG_DFL) };
}

extern "C" fn on_sigsegv(_signal: c_int, info: *mut siginfo_t, _context: *mut c_void) {
    // SAFETY: the kernel hands a handler with SA_SIGINFO its information.
    let address = unsafe { (*info).si_addr() }.addr();
    let hook = HOOK.get().expect("it was set before the handler");
    if COUNT.fetch_add(1, Ordering::Relaxed) >= LIMIT || !hook(address) {
        // The access is repeated on return, and then ends the process.
        die_on_fault();
    }
}
