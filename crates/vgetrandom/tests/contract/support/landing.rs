// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A call that may be single-stepped, and that a signal handler may leave for good, as `longjmp` does.

use libc::{c_void, ucontext_t};
use std::arch::naked_asm;
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

thread_local! {
    /// The stack pointer of the innermost call under way.
    static STACK: Cell<usize> = const { Cell::new(0) };
}

/// Bit 8 of the flags register: a trap after each instruction.
const TRAP_FLAG: usize = 1 << 8;

/// Calls `function`, with a trap after each instruction if `step`. Returns whether it came back.
///
/// `function` must own nothing that is dropped at its end.
pub fn call(function: extern "C" fn(), step: bool) -> bool {
    let place = STACK.with(Cell::as_ptr);
    // SAFETY: a function without arguments; the place lives as long as the thread.
    unsafe { enter(function, place, if step { TRAP_FLAG } else { 0 }) == 0 }
}

/// Lets a signal handler return to the end of the [`call`] of this thread.
///
/// # Safety
/// `context` is the handler's, whose signal interrupted a call under way.
pub unsafe fn leave(context: *mut c_void) {
    let stack = STACK.get();
    // SAFETY: the caller's promise; the call pushed its return address right below the stack pointer that it stored.
    unsafe {
        let registers = &mut (*context.cast::<ucontext_t>()).uc_mcontext.gregs;
        registers[libc::REG_RIP as usize] = *(stack as *const i64).sub(1);
        registers[libc::REG_RSP as usize] = stack as i64;
        registers[libc::REG_R15 as usize] = 1;
        registers[libc::REG_EFL as usize] &= !(TRAP_FLAG as i64);
    }
}

/// Stops the traps of the interrupted call.
///
/// # Safety
/// `context` is the handler's.
pub unsafe fn stop_stepping(context: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe { (*context.cast::<ucontext_t>()).uc_mcontext.gregs[libc::REG_EFL as usize] &= !(TRAP_FLAG as i64) };
}

/// Whether an address lies in the caller: after the call has returned, nothing is under way.
pub fn is_caller(address: usize) -> bool {
    // Shorter than this by any encoding of its instructions.
    const LENGTH: usize = 96;
    address.wrapping_sub(enter as *const () as usize) < LENGTH
}

/// Where [`step_over`] lets a function return to, to go on with traps at this address.
static RETURN: AtomicUsize = AtomicUsize::new(0);

/// Lets the function at whose first instruction the signal arrived run without traps, which go on after its return. One at a
/// time, in one thread of the process.
///
/// # Safety
/// `context` is the handler's, and its stack pointer points at a return address.
pub unsafe fn step_over(context: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe {
        let registers = &(*context.cast::<ucontext_t>()).uc_mcontext.gregs;
        let place = registers[libc::REG_RSP as usize] as *mut usize;
        RETURN.store(*place, Ordering::Relaxed);
        *place = resume as *const () as usize;
        stop_stepping(context);
    }
}

/// Returns to [`RETURN`], and sets the trap flag on the way.
#[unsafe(naked)]
unsafe extern "sysv64" fn resume() {
    naked_asm!(
        "sub rsp, 8",
        "push rax",
        "mov rax, [rip + {place}]",
        "mov [rsp + 8], rax",
        "pop rax",
        "pushfq",
        "or qword ptr [rsp], {trap_flag}",
        "popfq",
        "ret",
        place = sym RETURN,
        trap_flag = const TRAP_FLAG,
    )
}

/// Stores the stack pointer at `place` and calls; returns what `leave` put into r15, or 0.
#[unsafe(naked)]
unsafe extern "sysv64" fn enter(function: extern "C" fn(), place: *mut usize, flags: usize) -> usize {
    // Seven words, so that the stack is aligned for the call. `leave` restores the stack pointer alone: the registers that a
    // function preserves lie on the stack, and r15 carries the result.
    naked_asm!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push rdi",
        "xor r15d, r15d",
        "mov [rsi], rsp",
        "pushfq",
        "or [rsp], rdx",
        "popfq",
        "call rdi",
        "pushfq",
        "and qword ptr [rsp], ~{trap_flag}",
        "popfq",
        "mov rax, r15",
        "pop rdi",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        trap_flag = const TRAP_FLAG,
    )
}
