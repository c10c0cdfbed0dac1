// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `getrandom` system calls of this process, answered by a function of ours.
//!
//! A seccomp filter turns each of them into a `SIGSYS`, whose handler runs in the middle of the call that made it.

use crate::registers::Registers;
use crate::{signals, step};
use libc::{c_int, c_void, siginfo_t};
use std::io;
use std::sync::OnceLock;
use vdso_abi::syscall::NR_GETRANDOM;

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
/// What the operating system says.
///
/// # Panics
/// When the process does it twice.
pub fn trap(answer: Answer) -> io::Result<()> {
    assert!(ANSWER.set(answer).is_ok(), "one answer for each process");
    signals::handle(libc::SIGSYS, on_sigsys)?;
    install_filter()
}

fn install_filter() -> io::Result<()> {
    const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    // Offsets in `struct seccomp_data` (Linux include/uapi/linux/seccomp.h): number, then at 16 six 64-bit arguments.
    const NUMBER: u32 = 0;
    const SIXTH: u32 = 16 + 5 * 8;
    let step = |code, k, jt, jf| libc::sock_filter { code, jt, jf, k };
    let mut steps = [
        step(LOAD, NUMBER, 0, 0),
        step(EQUAL, NR_GETRANDOM as u32, 0, 4),
        step(LOAD, SIXTH, 0, 0),
        step(EQUAL, LET_THROUGH as u32, 0, 3),
        step(LOAD, SIXTH + 4, 0, 0),
        step(EQUAL, (LET_THROUGH >> 32) as u32, 0, 1),
        step(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0),
        step(RETURN, libc::SECCOMP_RET_TRAP, 0, 0),
    ];
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: the program is complete and outlives the calls.
    let installed = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0
    };
    if installed { Ok(()) } else { Err(io::Error::last_os_error()) }
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
