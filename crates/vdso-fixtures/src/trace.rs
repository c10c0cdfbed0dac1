// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A tracer that records the system calls of a child process, its threads and its children, and decides their results.

use crate::child::{judge, run};
use libc::{c_int, c_long, user_regs_struct};
use std::collections::HashMap;
use std::ptr::null_mut;

/// One system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The process or thread.
    pub pid: i32,
    /// Its number.
    pub number: c_long,
    /// Its arguments.
    pub arguments: [u64; 6],
}

/// The tracer's decision about a system call.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// The kernel executes it.
    Kernel,
    /// The kernel does not execute it; it returns this.
    Result(i64),
    /// The kernel executes it with this length in place of the second argument.
    Shorten(u64),
    /// The kernel executes it, and delivers this signal as it returns.
    Signal(c_int),
}

/// File descriptors; closing the first begins the record, closing the second ends it.
const BEGIN: c_int = -1000;
const END: c_int = -1001;

/// Begins the record, in the child.
pub fn begin() {
    // SAFETY: no such descriptor exists.
    unsafe { libc::syscall(libc::SYS_close, BEGIN) };
}

/// Ends the record, in the child.
pub fn end() {
    // SAFETY: as above.
    unsafe { libc::syscall(libc::SYS_close, END) };
}

/// Runs `test` in a child and returns the system calls between its [`begin`] and its [`end`].
///
/// # Panics
/// If the child fails.
pub fn record(test: impl FnOnce()) -> Vec<Call> {
    answer(test, |_| Answer::Kernel)
}

/// As [`record`]; `policy`, which runs in the tracer, decides each call.
///
/// # Panics
/// If the child fails.
pub fn answer(test: impl FnOnce(), policy: impl FnMut(&Call) -> Answer) -> Vec<Call> {
    let mut calls = Vec::new();
    let traced = || {
        // SAFETY: the tracer is the parent.
        unsafe {
            libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0);
            libc::raise(libc::SIGSTOP);
        }
        test();
    };
    let (message, status) =
        run(traced, |pid| Tracer { policy, results: HashMap::new(), active: false }.follow(pid, &mut calls));
    judge(&message, status);
    calls
}

struct Tracer<P> {
    policy: P,
    /// Results of calls that the kernel does not execute, by thread, until the call returns.
    results: HashMap<i32, i64>,
    active: bool,
}

impl<P: FnMut(&Call) -> Answer> Tracer<P> {
    /// Follows the child, its threads and its children to their ends; returns the child's status.
    fn follow(&mut self, child: i32, calls: &mut Vec<Call>) -> c_int {
        let mut status = 0;
        // SAFETY: `status` outlives the call.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert!(libc::WIFSTOPPED(status), "the child did not stop for its tracer");
        let options = libc::PTRACE_O_TRACESYSGOOD
            | libc::PTRACE_O_TRACEFORK
            | libc::PTRACE_O_TRACEVFORK
            | libc::PTRACE_O_TRACECLONE
            | libc::PTRACE_O_TRACEEXEC
            | libc::PTRACE_O_EXITKILL;
        ptrace(libc::PTRACE_SETOPTIONS, child, options as usize);
        ptrace(libc::PTRACE_SYSCALL, child, 0);
        let mut of_child = None;
        loop {
            // Children of this thread only: tests run at the same time in other threads.
            // SAFETY: as above.
            let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL | libc::__WNOTHREAD) };
            if pid < 0 {
                return of_child.expect("the child ended");
            }
            if libc::WIFSTOPPED(status) {
                let signal = self.on_stop(pid, status, calls);
                ptrace(libc::PTRACE_SYSCALL, pid, signal as usize);
            } else if pid == child {
                of_child = Some(status);
            }
        }
    }

    /// Handles a stop; returns the signal to deliver.
    fn on_stop(&mut self, pid: i32, status: c_int, calls: &mut Vec<Call>) -> c_int {
        const SYSTEM_CALL: c_int = libc::SIGTRAP | 0x80;
        match libc::WSTOPSIG(status) {
            SYSTEM_CALL => {
                self.on_system_call(pid, calls);
                0
            }
            // A new thread or process, or the event that reports it.
            libc::SIGSTOP => 0,
            libc::SIGTRAP if status >> 16 != 0 => 0,
            signal => signal,
        }
    }

    fn on_system_call(&mut self, pid: i32, calls: &mut Vec<Call>) {
        let mut registers = registers(pid);
        // At entry the kernel sets rax to -ENOSYS. A call with a recorded result is at its return.
        if let Some(result) = self.results.remove(&pid) {
            registers.rax = result as u64;
            return set_registers(pid, &registers);
        }
        if registers.rax != -i64::from(libc::ENOSYS) as u64 {
            return;
        }
        let r = &registers;
        let call = Call { pid, number: r.orig_rax as c_long, arguments: [r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9] };
        if call.number == libc::SYS_close && [BEGIN, END].contains(&(call.arguments[0] as c_int)) {
            self.active = call.arguments[0] as c_int == BEGIN;
            return;
        }
        if !self.active {
            return;
        }
        calls.push(call);
        match (self.policy)(&call) {
            Answer::Kernel => return,
            Answer::Result(result) => {
                registers.orig_rax = u64::MAX;
                self.results.insert(pid, result);
            }
            Answer::Shorten(len) => registers.rsi = len,
            Answer::Signal(signal) => {
                // SAFETY: no pointer is involved.
                let sent = unsafe { libc::syscall(libc::SYS_tkill, pid, signal) };
                assert_eq!(sent, 0, "tkill: {}", std::io::Error::last_os_error());
                return;
            }
        }
        set_registers(pid, &registers);
    }
}

fn ptrace(request: libc::c_uint, pid: i32, data: usize) {
    // A tracee that was killed does not respond; `waitpid` reports it.
    // SAFETY: these requests take a number.
    unsafe { libc::ptrace(request, pid, null_mut::<u8>(), data) };
}

fn registers(pid: i32) -> user_regs_struct {
    // SAFETY: all zero is valid, and the request writes the structure.
    unsafe {
        let mut registers: user_regs_struct = std::mem::zeroed();
        libc::ptrace(libc::PTRACE_GETREGS, pid, null_mut::<u8>(), &raw mut registers);
        registers
    }
}

fn set_registers(pid: i32, registers: &user_regs_struct) {
    // SAFETY: the request reads the structure.
    unsafe { libc::ptrace(libc::PTRACE_SETREGS, pid, null_mut::<u8>(), std::ptr::from_ref(registers)) };
}

impl Call {
    /// Whether this is a `getrandom` that draws bytes, not one that asks whether the kernel's generator is ready.
    pub fn is_draw(&self) -> bool {
        self.number == libc::SYS_getrandom && !self.is_readiness()
    }

    /// Whether this is a `getrandom` that asks whether the kernel's generator is ready.
    pub fn is_readiness(&self) -> bool {
        self.number == libc::SYS_getrandom && self.arguments[..3] == [0, 0, 1]
    }

    /// Whether this call maps states: `mmap` with `MAP_DROPPABLE`.
    pub fn maps_states(&self) -> bool {
        self.number == libc::SYS_mmap && self.arguments[3] & 0xf == u64::from(vdso_abi::flags::MAP_DROPPABLE)
    }
}

/// Counts the calls of a kind.
pub fn count(calls: &[Call], is: impl Fn(&Call) -> bool) -> usize {
    calls.iter().filter(|call| is(call)).count()
}
