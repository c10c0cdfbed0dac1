// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Requests to memcheck, for a program that runs under valgrind.
//!
//! The requests and the instructions that carry them are valgrind's interface to the programs it runs (valgrind 3.19,
//! `valgrind.h` and `memcheck.h`). Without valgrind the instructions change nothing.

use std::arch::asm;

const RUNNING_ON_VALGRIND: usize = 0x1001;
const COUNT_ERRORS: usize = 0x1201;
const MEMCHECK: usize = (b'M' as usize) << 24 | (b'C' as usize) << 16;
const MAKE_MEM_UNDEFINED: usize = MEMCHECK + 1;
const MAKE_MEM_DEFINED: usize = MEMCHECK + 2;
const GET_VBITS: usize = MEMCHECK + 8;

/// Makes a request; returns its result, or 0 without valgrind.
fn request(request: usize, arguments: [usize; 3]) -> usize {
    let [a, b, c] = arguments;
    let message = [request, a, b, c, 0, 0];
    let mut result = 0usize;
    // SAFETY: the rotations add up to two whole turns and the exchange is one of a register with itself. Valgrind reads the
    // message, and beyond that touches only its own record of the memory in it, and the copy that is asked for.
    unsafe {
        asm!("rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
             in("rax") &raw const message, inout("rdx") result, options(nostack));
    }
    result
}

/// Whether this process runs under valgrind.
pub fn is_running() -> bool {
    request(RUNNING_ON_VALGRIND, [0; 3]) != 0
}

/// How many errors were reported so far.
pub fn error_count() -> usize {
    request(COUNT_ERRORS, [0; 3])
}

/// Lets `len` bytes from `start` on count as never written: a jump or an address that depends on them is an error.
pub fn mark_undefined(start: *const u8, len: usize) {
    request(MAKE_MEM_UNDEFINED, [start.addr(), len, 0]);
}

/// Lets `len` bytes from `start` on count as written.
pub fn mark_defined(start: *const u8, len: usize) {
    request(MAKE_MEM_DEFINED, [start.addr(), len, 0]);
}

/// How many of these bytes depend on undefined ones, in at least one bit.
pub fn count_undefined(bytes: &[u8]) -> usize {
    let mut bits = vec![0u8; bytes.len()];
    request(GET_VBITS, [bytes.as_ptr().addr(), bits.as_mut_ptr().addr(), bytes.len()]);
    // Read where the compiler cannot know what valgrind has written.
    std::hint::black_box(&mut bits).iter().filter(|bits| **bits != 0).count()
}
