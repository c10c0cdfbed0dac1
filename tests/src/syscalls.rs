// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `getrandom` system calls of this process: counted, recorded, and answered by the test.
//!
//! A seccomp filter turns each of them into a `SIGSYS`, whose handler runs in the middle of the call that made it. So a
//! test knows the key that a call fetches, and can do to the state what a signal could do at that point.

use std::sync::{Mutex, OnceLock};
use vdso_inject::filter;
use vdso_inject::syscalls::{system_call, trap};

pub use vdso_inject::syscalls::Call;

/// The result of an intercepted system call.
pub enum Answer {
    /// The kernel's result.
    Kernel,
    /// These bytes, as many as the caller wants at most.
    Bytes(Vec<u8>),
    /// This errno.
    Error(i32),
}

type Hook = Box<dyn Fn(usize, Call) -> Answer + Send + Sync>;

static HOOK: OnceLock<Hook> = OnceLock::new();
static CALLS: Mutex<Vec<Call>> = Mutex::new(Vec::new());

/// From now on `hook` answers each `getrandom` system call of this thread; it is given the number of the call, from 0 on.
/// A call that comes up while `hook` runs is answered by `hook` as well.
///
/// # Panics
/// If the process has a hook.
pub fn intercept(hook: impl Fn(usize, Call) -> Answer + Send + Sync + 'static) {
    assert!(HOOK.set(Box::new(hook)).is_ok(), "one hook for each process");
    trap(answer).unwrap_or_else(|error| panic!("a filter for system calls: {error}"));
}

/// The calls since the start, or since [`forget`].
pub fn calls() -> Vec<Call> {
    CALLS.lock().expect("no panic is survived while it is locked").clone()
}

/// Starts counting anew.
pub fn forget() {
    CALLS.lock().expect("no panic is survived while it is locked").clear();
}

/// From now on the system call `number` ends this thread's process by `SIGSYS`.
pub fn forbid(number: libc::c_long) {
    filter::forbid(number as u32).unwrap_or_else(|error| panic!("a filter for system call {number}: {error}"));
}

fn answer(call: Call) -> i64 {
    let number = {
        let mut calls = CALLS.lock().expect("no panic is survived while it is locked");
        calls.push(call);
        calls.len() - 1
    };
    let hook = HOOK.get().expect("it was set before the filter");
    match hook(number, call) {
        Answer::Kernel => system_call(call),
        Answer::Error(errno) => -i64::from(errno),
        Answer::Bytes(bytes) => {
            let len = bytes.len().min(call.len);
            // SAFETY: the buffer is the one that the intercepted call would have had written.
            unsafe { (call.buffer as *mut u8).copy_from_nonoverlapping(bytes.as_ptr(), len) };
            len as i64
        }
    }
}
