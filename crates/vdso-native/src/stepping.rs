// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A call that can be single-stepped by the trap flag, and that a signal handler may abandon as `longjmp` does.

use crate::Registers;
use std::arch::naked_asm;
use std::mem::offset_of;

/// The called function, its arguments, and the stack pointer of its caller.
#[repr(C)]
pub struct Frame {
    function: usize,
    arguments: [usize; 5],
    stack: usize,
}

impl Frame {
    /// A call of the function at an address.
    pub fn new(function: usize, arguments: [usize; 5]) -> Self {
        Self { function, arguments, stack: 0 }
    }

    /// Makes the call, with a `SIGTRAP` after each instruction if `step`. Returns its result, or any value if a handler
    /// abandoned it.
    ///
    /// # Safety
    /// The frame is valid and reached only through this pointer while the call is under way. The function takes up to five
    /// arguments in the System V calling convention, for which those of the frame are valid. With `step`, a handler for
    /// `SIGTRAP` is installed.
    pub unsafe fn call(frame: *mut Self, step: bool) -> isize {
        // SAFETY: the caller's promise.
        unsafe { enter(frame, if step { Registers::TRAP_FLAG } else { 0 }) }
    }

    /// Lets a signal handler return to the end of [`call`](Self::call), without the trap flag: the call is abandoned.
    ///
    /// # Safety
    /// The call of this frame is under way, and the handler with these registers interrupted it.
    pub unsafe fn abandon(frame: *const Self, registers: &mut Registers<'_>) {
        // SAFETY: only `enter` writes the stack pointer, before the call, which pushed its return address right below.
        let (stack, landing) = unsafe {
            let stack = (*frame).stack;
            (stack, *(stack as *const usize).sub(1))
        };
        registers.set_pc(landing);
        registers.set_stack_pointer(stack);
        registers.set_trap_flag(false);
    }
}

/// Whether an address lies in the code that makes such calls: it is stepped through before and after the called function.
pub fn is_caller(address: usize) -> bool {
    // Not longer than this by any encoding of its instructions.
    const LENGTH: usize = 96;
    address.wrapping_sub(enter as *const () as usize) < LENGTH
}

/// Calls the function of `frame`, with `flags` added to the flags register.
///
/// # Safety
/// As for [`Frame::call`].
#[unsafe(naked)]
unsafe extern "sysv64" fn enter(frame: *mut Frame, flags: u64) -> isize {
    // Seven words, so that the stack is aligned for the call. `abandon` restores only the stack pointer: the registers that a
    // function preserves lie on the stack. Between a `pushfq` and its `popfq` the frame information is off by a word, but no
    // called function runs there.
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "push rbx",
        ".cfi_def_cfa_offset 24",
        ".cfi_offset rbx, -24",
        "push r12",
        ".cfi_def_cfa_offset 32",
        ".cfi_offset r12, -32",
        "push r13",
        ".cfi_def_cfa_offset 40",
        ".cfi_offset r13, -40",
        "push r14",
        ".cfi_def_cfa_offset 48",
        ".cfi_offset r14, -48",
        "push r15",
        ".cfi_def_cfa_offset 56",
        ".cfi_offset r15, -56",
        "push rdi",
        ".cfi_def_cfa_offset 64",
        "mov [rdi + {stack}], rsp",
        "mov rax, [rdi + {function}]",
        "mov r10, rsi",
        "mov rsi, [rdi + {arguments} + 8]",
        "mov rdx, [rdi + {arguments} + 16]",
        "mov rcx, [rdi + {arguments} + 24]",
        "mov r8, [rdi + {arguments} + 32]",
        "mov rdi, [rdi + {arguments}]",
        "pushfq",
        "or [rsp], r10",
        "popfq",
        "call rax",
        "pushfq",
        "and qword ptr [rsp], ~{trap_flag}",
        "popfq",
        "pop rdi",
        ".cfi_def_cfa_offset 56",
        "pop r15",
        ".cfi_def_cfa_offset 48",
        "pop r14",
        ".cfi_def_cfa_offset 40",
        "pop r13",
        ".cfi_def_cfa_offset 32",
        "pop r12",
        ".cfi_def_cfa_offset 24",
        "pop rbx",
        ".cfi_def_cfa_offset 16",
        "pop rbp",
        ".cfi_def_cfa_offset 8",
        "ret",
        ".cfi_endproc",
        stack = const offset_of!(Frame, stack),
        function = const offset_of!(Frame, function),
        arguments = const offset_of!(Frame, arguments),
        trap_flag = const Registers::TRAP_FLAG,
    )
}
