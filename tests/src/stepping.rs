// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A call, one instruction at a time: the trap flag stops it at each, and a handler looks around.

use libc::{c_int, c_void, siginfo_t, ucontext_t};
use std::arch::naked_asm;
use std::ops::Range;
use std::ptr::null_mut;
use std::sync::OnceLock;

type Hook = Box<dyn Fn(usize) + Send + Sync>;

static HOOK: OnceLock<(Range<usize>, Hook)> = OnceLock::new();

/// From now on `hook` runs before each instruction within `code` that is executed under [`stepped`], in a signal handler
/// on the same stack. It is given the address of the instruction.
///
/// # Panics
/// When the process does it twice.
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
    let pc = unsafe { (*context.cast::<ucontext_t>()).uc_mcontext.gregs[libc::REG_RIP as usize] } as usize;
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
#[unsafe(naked)]
pub unsafe extern "sysv64" fn stepped(function: usize, a: usize, b: usize, c: usize, d: usize) -> isize {
    // The first push aligns the stack for the call. Between a `pushfq` and its `popfq` the frame information is off by a
    // word, where no hook runs.
    naked_asm!(
        ".cfi_startproc",
        "push rbx",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbx, -16",
        "mov rax, rdi",
        "mov rdi, rsi",
        "mov rsi, rdx",
        "mov rdx, rcx",
        "mov rcx, r8",
        "pushfq",
        "or qword ptr [rsp], {trap_flag}",
        "popfq",
        "call rax",
        "pushfq",
        "and qword ptr [rsp], ~{trap_flag}",
        "popfq",
        "pop rbx",
        ".cfi_def_cfa_offset 8",
        "ret",
        ".cfi_endproc",
        trap_flag = const 0x100,
    )
}

/// Whether `address` lies in [`stepped`].
pub fn is_caller(address: usize) -> bool {
    // Shorter than this by any encoding of its instructions.
    const LENGTH: usize = 64;
    (address.wrapping_sub(stepped as *const () as usize)) < LENGTH
}
