// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `getrandom` system calls of this process, answered by a function of ours.
//!
//! A seccomp filter turns each of them into a `SIGSYS`, whose handler runs in the middle of the call that made it.

use crate::{filter, signals, step};
use libc::{c_int, c_void, siginfo_t};
use std::io;
use std::sync::OnceLock;
use vdso_abi::syscall::NR_GETRANDOM;
use vdso_native::Registers;

/// The arguments of one system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Address of the buffer.
    pub buffer: usize,
    /// Its length in bytes.
    pub len: usize,
    /// `GRND_*` flags.
    pub flags: u32,
}

/// Gives the result of a system call: a count, with so many bytes in the buffer, or a negative errno.
pub type Answer = fn(Call) -> i64;

static ANSWER: OnceLock<Answer> = OnceLock::new();

/// Passed in the sixth argument, which `getrandom` does not have, by those calls that the filter lets through.
const LET_THROUGH: u64 = 0x6c65_7420_7468_726f;

/// From now on `answer` answers each `getrandom` system call of this thread. A call that comes up while it runs is answered
/// by it as well. It cannot be undone.
///
/// # Errors
/// The operating system refuses.
///
/// # Panics
/// When the process does it twice.
pub fn trap(answer: Answer) -> io::Result<()> {
    assert!(ANSWER.set(answer).is_ok(), "one answer for each process");
    signals::handle(libc::SIGSYS, on_sigsys)?;
    filter::trap(NR_GETRANDOM as u32, LET_THROUGH)
}

extern "C" fn on_sigsys(_signal: c_int, _info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel hands a handler with SA_SIGINFO its context.
    let mut registers = unsafe { Registers::of(context) };
    let [buffer, len, flags] = registers.arguments();
    let answer = ANSWER.get().expect("it was set before the filter");
    registers.set_result(answer(Call { buffer, len, flags: flags as u32 }));
    step::after_system_call(&mut registers);
}

/// The system call itself, past the filter. Returns a count or a negative errno.
pub fn system_call(call: Call) -> i64 {
    let returned;
    // SAFETY: the kernel checks the buffer, which is the one that the intercepted call named.
    unsafe {
        std::arch::asm!(
            "syscall",
            inlateout("rax") NR_GETRANDOM as i64 => returned,
            in("rdi") call.buffer,
            in("rsi") call.len,
            in("rdx") u64::from(call.flags),
            in("r9") LET_THROUGH,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack)
        );
    }
    returned
}
