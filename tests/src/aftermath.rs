// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The residue of a call: in the registers, right at its return, and on the stack below its caller.

use crate::secrets::Secrets;
use std::arch::naked_asm;
use std::mem::offset_of;

/// How much of the stack below the caller's stack pointer is caught, in bytes.
pub const STACK_LEN: usize = 16 << 10;

/// Every byte of every vector register and of the stack below, before the call.
pub const SEED: u8 = 0x6e;

/// The registers of the System V calling convention that a call may leave changed, in the order of
/// [`Aftermath::general`].
pub const GENERAL: [&str; 9] = ["rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11"];

/// Registers and stack at the return of a call.
#[repr(C, align(64))]
#[derive(Clone)]
pub struct Aftermath {
    /// The vector registers; what this processor does not have of them reads as the seed.
    pub vectors: [[u8; 64]; 32],
    /// General-purpose registers, the result first.
    pub general: [u64; GENERAL.len()],
    /// The stack, up to the caller's stack pointer.
    pub stack: [u8; STACK_LEN],
}

/// Where something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the vector register of this number, so many bytes from its lowest.
    Vector(usize, usize),
    /// So many bytes below the caller's stack pointer.
    Stack(usize),
}

impl Aftermath {
    /// Calls a function with up to five arguments, stack and vector registers full of [`SEED`], and catches what it leaves.
    ///
    /// # Safety
    /// `function` is the address of a function with these arguments in the System V calling convention, for which they are
    /// valid. The stack has room for [`STACK_LEN`].
    pub unsafe fn of(function: usize, arguments: [usize; 5]) -> Box<Self> {
        let mut aftermath =
            Box::new(Self { vectors: [[SEED; 64]; 32], general: [0; GENERAL.len()], stack: [0; STACK_LEN] });
        let call = if std::arch::is_x86_feature_detected!("avx512f") {
            call_avx512
        } else if std::arch::is_x86_feature_detected!("avx") {
            call_avx
        } else {
            call_sse
        };
        // SAFETY: the caller answers for function and arguments, and the processor has the registers.
        unsafe { call(&raw const arguments, function, &raw mut *aftermath) };
        aftermath
    }

    /// The result of the call.
    pub fn returned(&self) -> isize {
        self.general[0].cast_signed() as isize
    }

    /// A vector register with a part of 16 bytes that holds something else than zeros or the seed, by number.
    pub fn dirty_vector(&self) -> Option<usize> {
        let clean = |part: &[u8]| part.iter().all(|byte| *byte == 0) || part.iter().all(|byte| *byte == SEED);
        self.vectors.iter().position(|register| !register.chunks(16).all(clean))
    }

    /// Every place in vector registers and stack that holds eight bytes of a secret.
    pub fn residue(&self, secrets: &Secrets) -> Vec<Place> {
        let vectors =
            self.vectors.iter().enumerate().flat_map(|(number, register)| {
                secrets.found_in(register).map(move |offset| Place::Vector(number, offset))
            });
        let stack = secrets.found_in(&self.stack).map(|offset| Place::Stack(STACK_LEN - offset));
        vectors.chain(stack).collect()
    }

    /// How far below the caller's stack pointer the call has written, in bytes.
    pub fn used_stack(&self) -> usize {
        STACK_LEN - self.stack.iter().take_while(|byte| **byte == SEED).count()
    }
}

/// A function that fills stack and registers, calls, and catches both; `$load` and `$store` move register `\n` from and to
/// its place of 64 bytes.
macro_rules! caller {
    ($name:ident, $numbers:literal, $load:literal, $store:literal, $clean:literal) => {
        #[unsafe(naked)]
        unsafe extern "sysv64" fn $name(arguments: *const [usize; 5], function: usize, aftermath: *mut Aftermath) {
            // Seven pushes align the stack for the call. The registers that it must preserve are full of the seed as well, so
            // that what it saves of them is the same each time. Nothing touches the stack between the return and the copy.
            naked_asm!(
                "push rbx",
                "push rbp",
                "push r12",
                "push r13",
                "push r14",
                "push r15",
                "push rdx",
                "mov rbx, rdx",
                "mov r10, rsi",
                "mov r11, rdi",
                "lea rdi, [rsp - {stack_len}]",
                "mov ecx, {stack_len} / 8",
                "movabs rax, {seed}",
                "rep stosq",
                concat!(".irp n, ", $numbers),
                $load,
                ".endr",
                "mov rdi, [r11]",
                "mov rsi, [r11 + 8]",
                "mov rdx, [r11 + 16]",
                "mov rcx, [r11 + 24]",
                "mov r8, [r11 + 32]",
                "mov rbx, rax",
                "mov rbp, rax",
                "mov r9, rax",
                "mov r11, rax",
                "mov r12, rax",
                "mov r13, rax",
                "mov r14, rax",
                "mov r15, rax",
                "call r10",
                "mov rbx, [rsp]",
                concat!(".irp n, ", $numbers),
                $store,
                ".endr",
                "mov [rbx + {general}], rax",
                "mov [rbx + {general} + 8], rcx",
                "mov [rbx + {general} + 16], rdx",
                "mov [rbx + {general} + 24], rsi",
                "mov [rbx + {general} + 32], rdi",
                "mov [rbx + {general} + 40], r8",
                "mov [rbx + {general} + 48], r9",
                "mov [rbx + {general} + 56], r10",
                "mov [rbx + {general} + 64], r11",
                "lea rsi, [rsp - {stack_len}]",
                "lea rdi, [rbx + {stack}]",
                "mov ecx, {stack_len} / 8",
                "rep movsq",
                $clean,
                "pop rdx",
                "pop r15",
                "pop r14",
                "pop r13",
                "pop r12",
                "pop rbp",
                "pop rbx",
                "ret",
                stack_len = const STACK_LEN,
                seed = const u64::from_ne_bytes([SEED; 8]),
                general = const offset_of!(Aftermath, general),
                stack = const offset_of!(Aftermath, stack),
            )
        }
    };
}

// The registers are the first field.
const _: () = assert!(offset_of!(Aftermath, vectors) == 0);

caller!(
    call_avx512,
    "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
    "vmovdqu64 zmm\\n, zmmword ptr [rbx + 64 * \\n]",
    "vmovdqu64 zmmword ptr [rbx + 64 * \\n], zmm\\n",
    "vzeroupper"
);
caller!(
    call_avx,
    "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
    "vmovdqu ymm\\n, ymmword ptr [rbx + 64 * \\n]",
    "vmovdqu ymmword ptr [rbx + 64 * \\n], ymm\\n",
    "vzeroupper"
);
caller!(
    call_sse,
    "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
    "movdqu xmm\\n, xmmword ptr [rbx + 64 * \\n]",
    "movdqu xmmword ptr [rbx + 64 * \\n], xmm\\n",
    ""
);
