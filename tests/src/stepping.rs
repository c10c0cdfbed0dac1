// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A call with a hook at each instruction, which the trap flag stops.

use libc::{c_int, c_void, siginfo_t};
use std::ops::Range;
use std::ptr::null_mut;
use std::sync::OnceLock;
use vdso_native::Registers;
use vdso_native::stepping::Frame;

pub use vdso_native::stepping::is_caller;

type Hook = Box<dyn Fn(usize) + Send + Sync>;

static HOOK: OnceLock<(Range<usize>, Hook)> = OnceLock::new();

/// From now on `hook` runs before each instruction within `code` that is executed under [`stepped`], in a signal handler
/// on the same stack. It is given the address of the instruction.
///
/// # Panics
/// If the process has a hook.
pub fn at_each_instruction(code: Range<usize>, hook: impl Fn(usize) + Send + Sync + 'static) {
    assert!(HOOK.set((code, Box::new(hook))).is_ok(), "one hook for each process");
    // SAFETY: all zero is a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_sigtrap as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO;
    // SAFETY: `action` is complete and outlives the call.
    let installed = unsafe { libc::sigaction(libc::SIGTRAP, &raw const action, null_mut()) };
    assert_eq!(installed, 0, "sigaction: {}", std::io::Error::last_os_error());
}

extern "C" fn on_sigtrap(_signal: c_int, _info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a handler with SA_SIGINFO its context.
    let pc = unsafe { Registers::of(context) }.pc();
    let (code, hook) = HOOK.get().expect("it was set before the handler");
    if code.contains(&pc) {
        hook(pc);
    }
}

/// Calls `function` with four arguments under the trap flag.
///
/// # Safety
/// `function` takes these arguments in the System V calling convention, for which they are valid, and
/// [`at_each_instruction`] has installed the handler.
pub unsafe fn stepped(function: usize, a: usize, b: usize, c: usize, d: usize) -> isize {
    let mut frame = Frame::new(function, [a, b, c, d, 0]);
    // SAFETY: the caller's promise; the handler abandons no call.
    unsafe { Frame::call(&raw mut frame, true) }
}
