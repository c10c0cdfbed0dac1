// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A call that may be single-stepped, and that a signal handler may abandon, as `longjmp` does.

use libc::c_void;
use std::arch::naked_asm;
use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};
use vdso_native::Registers;
use vdso_native::stepping::Frame;

pub use vdso_native::stepping::is_caller;

thread_local! {
    /// The innermost call under way.
    static FRAME: Cell<*mut Frame> = const { Cell::new(null_mut()) };
    static ABANDONED: Cell<bool> = const { Cell::new(false) };
}

/// Calls `function`, with a trap after each instruction if `step`. Returns whether it came back.
///
/// `function` must own nothing that is dropped at its end.
pub fn call(function: extern "C" fn(), step: bool) -> bool {
    let mut frame = Frame::new(function as *const () as usize, [0; 5]);
    let frame = &raw mut frame;
    FRAME.set(frame);
    ABANDONED.set(false);
    // SAFETY: a function without arguments; the frame lives until the end of this function.
    unsafe { Frame::call(frame, step) };
    !ABANDONED.get()
}

/// Lets a signal handler return to the end of the [`call`] of this thread.
///
/// # Safety
/// `context` is the handler's, whose signal interrupted a call under way.
pub unsafe fn leave(context: *mut c_void) {
    ABANDONED.set(true);
    // SAFETY: the caller's promise.
    unsafe { Frame::abandon(FRAME.get(), &mut Registers::of(context)) };
}

/// Stops the traps of the interrupted call.
///
/// # Safety
/// `context` is the handler's.
pub unsafe fn stop_stepping(context: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe { Registers::of(context) }.set_trap_flag(false);
}

/// The return address that [`step_over`] replaced. Stepping continues there.
static RETURN: AtomicUsize = AtomicUsize::new(0);

/// Lets the function at whose first instruction the signal arrived run without traps until it returns. One at a
/// time, in one thread of the process.
///
/// # Safety
/// `context` is the handler's, and its stack pointer points at a return address.
pub unsafe fn step_over(context: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe {
        let place = Registers::of(context).get(libc::REG_RSP) as *mut usize;
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
        trap_flag = const Registers::TRAP_FLAG,
    )
}
