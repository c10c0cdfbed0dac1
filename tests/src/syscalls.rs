// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `getrandom` system calls of this process: counted, looked at, and answered by the test.
//!
//! A seccomp filter turns each of them into a `SIGSYS`, whose handler runs in the middle of the call that made it. So a
//! test knows the key that a call fetches, and can do to the state what a signal could do at that point.

use libc::{c_int, c_void, siginfo_t, ucontext_t};
use std::ptr::null_mut;
use std::sync::{Mutex, OnceLock};
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

/// What a system call returns to its caller.
pub enum Answer {
    /// What the kernel says.
    Kernel,
    /// These bytes, as many as the caller wants at most.
    Bytes(Vec<u8>),
    /// This errno.
    Error(i32),
}

type Hook = Box<dyn Fn(usize, Call) -> Answer + Send + Sync>;

static HOOK: OnceLock<Hook> = OnceLock::new();
static CALLS: Mutex<Vec<Call>> = Mutex::new(Vec::new());

/// Passed in the sixth argument, which `getrandom` does not have, by those calls that the filter lets through.
const LET_THROUGH: u64 = 0x6c65_7420_7468_726f;

/// From now on `hook` answers each `getrandom` system call of this thread; it is given the number of the call, from 0 on.
/// A call that comes up while `hook` runs is answered by `hook` as well.
///
/// # Panics
/// When the process does it twice.
pub fn intercept(hook: impl Fn(usize, Call) -> Answer + Send + Sync + 'static) {
    assert!(HOOK.set(Box::new(hook)).is_ok(), "one hook for each process");
    // SAFETY: all zero is a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_sigsys as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_NODEFER;
    // SAFETY: `action` is complete and outlives the call.
    let installed = unsafe { libc::sigaction(libc::SIGSYS, &raw const action, null_mut()) };
    assert_eq!(installed, 0, "sigaction: {}", std::io::Error::last_os_error());
    install_filter();
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
    install(&mut [
        step(LOAD, NUMBER, 0, 0),
        step(EQUAL, number as u32, 0, 1),
        step(RETURN, libc::SECCOMP_RET_KILL_PROCESS, 0, 0),
        step(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0),
    ]);
}

const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
/// Offset of the number in `struct seccomp_data` (Linux `include/uapi/linux/seccomp.h`).
const NUMBER: u32 = 0;

fn step(code: u16, k: u32, jt: u8, jf: u8) -> libc::sock_filter {
    libc::sock_filter { code, jt, jf, k }
}

fn install_filter() {
    // The last of six 64-bit arguments, which begin at 16.
    const SIXTH: u32 = 16 + 5 * 8;
    install(&mut [
        step(LOAD, NUMBER, 0, 0),
        step(EQUAL, NR_GETRANDOM as u32, 0, 4),
        step(LOAD, SIXTH, 0, 0),
        step(EQUAL, LET_THROUGH as u32, 0, 3),
        step(LOAD, SIXTH + 4, 0, 0),
        step(EQUAL, (LET_THROUGH >> 32) as u32, 0, 1),
        step(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0),
        step(RETURN, libc::SECCOMP_RET_TRAP, 0, 0),
    ]);
}

fn install(steps: &mut [libc::sock_filter]) {
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: the program is complete and outlives the calls.
    let installed = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) == 0
    };
    assert!(installed, "seccomp: {}", std::io::Error::last_os_error());
}

extern "C" fn on_sigsys(_signal: c_int, _info: *mut siginfo_t, context: *mut c_void) {
    let context = context.cast::<ucontext_t>();
    // SAFETY: the kernel hands a handler with SA_SIGINFO its context.
    let registers = unsafe { &mut (*context).uc_mcontext.gregs };
    let argument = |register: c_int| registers[register as usize] as usize;
    let call =
        Call { buffer: argument(libc::REG_RDI), len: argument(libc::REG_RSI), flags: argument(libc::REG_RDX) as u32 };
    let number = {
        let mut calls = CALLS.lock().expect("no panic is survived while it is locked");
        calls.push(call);
        calls.len() - 1
    };
    let hook = HOOK.get().expect("it was set before the filter");
    registers[libc::REG_RAX as usize] = match hook(number, call) {
        Answer::Kernel => system_call(call),
        Answer::Error(errno) => -i64::from(errno),
        Answer::Bytes(bytes) => {
            let len = bytes.len().min(call.len);
            // SAFETY: the buffer is the one that the intercepted call would have had written.
            unsafe { (call.buffer as *mut u8).copy_from_nonoverlapping(bytes.as_ptr(), len) };
            len as i64
        }
    };
}

/// The system call itself, past the filter. Returns a count or a negative errno.
fn system_call(call: Call) -> i64 {
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
