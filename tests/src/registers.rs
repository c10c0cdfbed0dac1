// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What a routine leaves in the vector registers.

use std::arch::naked_asm;

/// The sixteen registers, 32 bytes each; without AVX the upper halves read as the seed.
pub type Vectors = [[u8; 32]; 16];

/// Every byte of every vector register before the call.
pub const SEED: u8 = 0x6e;

/// Calls a routine with up to four arguments and vector registers full of [`SEED`]; returns what is in them afterwards.
///
/// # Safety
/// `routine` is the address of a function with these arguments in the System V calling convention, for which they are
/// valid.
pub unsafe fn vectors_after(routine: usize, arguments: [usize; 4]) -> Vectors {
    let mut vectors = [[SEED; 32]; 16];
    let [a, b, c, d] = arguments;
    // SAFETY: the caller answers for routine and arguments; `vectors` is as long as the registers.
    unsafe {
        if std::arch::is_x86_feature_detected!("avx") {
            call_avx(a, b, c, d, routine, &raw mut vectors);
        } else {
            call_sse(a, b, c, d, routine, &raw mut vectors);
        }
    }
    vectors
}

/// A register that holds something else than zeros or the seed, by number.
pub fn dirty(vectors: &Vectors) -> Option<usize> {
    let clean = |half: &[u8]| half.iter().all(|byte| *byte == 0) || half.iter().all(|byte| *byte == SEED);
    vectors.iter().position(|register| !register.chunks(16).all(clean))
}

/// One instruction for each of the sixteen registers; `{n}` in its text stands at the places of the number.
macro_rules! sixteen {
    ($before:literal {n} $between:literal {n} $after:literal) => {
        sixteen!(@ $before $between $after; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    (@ $before:literal $between:literal $after:literal; $($number:literal)*) => {
        sixteen!(@each [$before $between $after] $($number)*)
    };
    (@each $parts:tt $($number:literal)*) => { concat!($(sixteen!(@one $parts $number)),*) };
    (@one [$before:literal $between:literal $after:literal] $number:literal) => {
        concat!($before, $number, $between, $number, $after, "\n")
    };
}

/// A function that fills the registers from `vectors`, calls `routine`, and stores them to `vectors`.
macro_rules! caller {
    ($name:ident, $load:expr, $store:expr, $clean:literal) => {
        #[unsafe(naked)]
        unsafe extern "sysv64" fn $name(a: usize, b: usize, c: usize, d: usize, routine: usize, vectors: *mut Vectors) {
            // The push also aligns the stack for the call.
            naked_asm!("push rbx", "mov rbx, r9", $load, "call r8", $store, $clean, "pop rbx", "ret")
        }
    };
}

caller!(
    call_avx,
    sixteen!("vmovdqu ymm" {n} ", ymmword ptr [rbx + 32 * " {n} "]"),
    sixteen!("vmovdqu ymmword ptr [rbx + 32 * " {n} "], ymm" {n} ""),
    "vzeroupper"
);
caller!(
    call_sse,
    sixteen!("movdqu xmm" {n} ", xmmword ptr [rbx + 32 * " {n} "]"),
    sixteen!("movdqu xmmword ptr [rbx + 32 * " {n} "], xmm" {n} ""),
    ""
);
