// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Symbols that stable Rust cannot declare: one word of thread-local storage, and weak references into a C library.

use core::arch::{asm, global_asm};

// A TLS descriptor serves every kind of linking: in an executable the linker replaces it by the constant offset, and a
// library that uses it can be opened at run time, also by musl.
//
// `.weakref` makes a reference weak only as long as no other code in the same object refers to the symbol: a library with
// strong references keeps them.
global_asm!(
    r#"
    .section .tbss.vgetrandom,"awT",@nobits
    .balign 8
    .globl __vgetrandom_0_1_cell
    .hidden __vgetrandom_0_1_cell
    .type __vgetrandom_0_1_cell, @object
    .size __vgetrandom_0_1_cell, 8
__vgetrandom_0_1_cell:
    .zero 8

    .weakref __vgetrandom_0_1_key_create, pthread_key_create
    .weakref __vgetrandom_0_1_setspecific, pthread_setspecific
    .weakref __vgetrandom_0_1_getauxval, getauxval
    .section .data.rel.ro.vgetrandom,"aw",@progbits
    .balign 8
    .globl __vgetrandom_0_1_libc
    .hidden __vgetrandom_0_1_libc
    .type __vgetrandom_0_1_libc, @object
    .size __vgetrandom_0_1_libc, 24
__vgetrandom_0_1_libc:
    .quad __vgetrandom_0_1_key_create
    .quad __vgetrandom_0_1_setspecific
    .quad __vgetrandom_0_1_getauxval
    .text
    "#,
    options(att_syntax)
);

unsafe extern "C" {
    #[link_name = "__vgetrandom_0_1_libc"]
    static LIBC: [usize; 3];
}

/// Functions of the C library by address, 0 where the program has none: `pthread_key_create`, `pthread_setspecific`,
/// `getauxval`.
pub fn libc_functions() -> [usize; 3] {
    // SAFETY: the table above, which is constant once the dynamic linker is done with it.
    unsafe { LIBC }
}

/// The word of thread-local storage of this thread, 0 in a new thread.
#[inline(always)]
pub fn thread_word() -> usize {
    let word;
    // SAFETY: the sequence of the TLS descriptor ABI. Its call may change rax and the flags only, but glibc before 2.40 loses
    // vector registers where it allocates the storage (glibc bug 31372), so the registers of a C call are given up.
    unsafe {
        asm!(
            "leaq __vgetrandom_0_1_cell@tlsdesc(%rip), %rax",
            "call *__vgetrandom_0_1_cell@tlscall(%rax)",
            "movq %fs:(%rax), %rax",
            out("rax") word,
            clobber_abi("sysv64"),
            options(att_syntax, readonly)
        );
    }
    word
}

/// The address of that word.
#[inline]
pub fn thread_word_address() -> *mut usize {
    let address;
    // SAFETY: as above; the first word of the thread control block holds its own address (ELF TLS ABI, variant II).
    unsafe {
        asm!(
            "leaq __vgetrandom_0_1_cell@tlsdesc(%rip), %rax",
            "call *__vgetrandom_0_1_cell@tlscall(%rax)",
            "addq %fs:0, %rax",
            out("rax") address,
            clobber_abi("sysv64"),
            options(att_syntax, readonly)
        );
    }
    address
}

/// [`thread_word`] for a library that is loaded with the program: one load instead of a call, but not fit for `dlopen`.
#[inline(always)]
pub fn thread_word_initial_exec() -> usize {
    let word;
    // SAFETY: the sequence of the initial-exec model.
    unsafe {
        asm!(
            "movq __vgetrandom_0_1_cell@gottpoff(%rip), %rax",
            "movq %fs:(%rax), %rax",
            out("rax") word,
            options(att_syntax, nostack, readonly)
        );
    }
    word
}

/// [`thread_word_address`] for such a library.
#[inline]
pub fn thread_word_address_initial_exec() -> *mut usize {
    let address;
    // SAFETY: as above.
    unsafe {
        asm!(
            "movq __vgetrandom_0_1_cell@gottpoff(%rip), %rax",
            "addq %fs:0, %rax",
            out("rax") address,
            options(att_syntax, nostack, readonly)
        );
    }
    address
}
