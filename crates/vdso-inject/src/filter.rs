// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Seccomp filters for one system call. They cannot be taken back.

use libc::sock_filter;
use std::io;

const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

// Offsets in `struct seccomp_data` (Linux include/uapi/linux/seccomp.h): number, then at 16 six 64-bit arguments.
const NUMBER: u32 = 0;
const SIXTH: u32 = 16 + 5 * 8;

fn step(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

/// From now on the system call `number` of this thread becomes a `SIGSYS`, unless its sixth argument is `let_through`.
///
/// # Errors
/// The operating system refuses.
pub fn trap(number: u32, let_through: u64) -> io::Result<()> {
    install(&mut [
        step(LOAD, NUMBER, 0, 0),
        step(EQUAL, number, 0, 4),
        step(LOAD, SIXTH, 0, 0),
        step(EQUAL, let_through as u32, 0, 3),
        step(LOAD, SIXTH + 4, 0, 0),
        step(EQUAL, (let_through >> 32) as u32, 0, 1),
        step(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0),
        step(RETURN, libc::SECCOMP_RET_TRAP, 0, 0),
    ])
}

/// From now on the system call `number` ends this thread's process by `SIGSYS`.
///
/// # Errors
/// The operating system refuses.
pub fn forbid(number: u32) -> io::Result<()> {
    install(&mut [
        step(LOAD, NUMBER, 0, 0),
        step(EQUAL, number, 0, 1),
        step(RETURN, libc::SECCOMP_RET_KILL_PROCESS, 0, 0),
        step(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0),
    ])
}

fn install(steps: &mut [sock_filter]) -> io::Result<()> {
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: the program is complete and outlives the calls.
    let installed = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0
    };
    if installed { Ok(()) } else { Err(io::Error::last_os_error()) }
}
