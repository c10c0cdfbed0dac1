// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Read-only tables of the routines, each with the width and alignment of its register.

/// A table for a 256-bit register.
#[repr(C, align(32))]
pub struct Wide<T>(T);

/// A table for a 128-bit register.
#[repr(C, align(16))]
pub struct Narrow<T>(T);

/// "expand 32-byte k", the first four words of the cipher's input (RFC 8439, section 2.3).
pub static SIGMA: [u32; 4] = super::SIGMA;

/// Block numbers for the 64-bit lanes of two registers.
pub static LANES_SSE2: [Narrow<[u64; 2]>; 2] = [Narrow([0, 1]), Narrow([2, 3])];

/// Block numbers for eight blocks, in the order that `vshufps` turns into the natural one: it works within 128 bits.
pub static LANES_AVX2: [Wide<[u64; 4]>; 2] = [Wide([0, 1, 4, 5]), Wide([2, 3, 6, 7])];

/// Byte order that rotates each 32-bit lane left by 16, for `vpshufb`.
pub static ROTATE_16: Wide<[u8; 32]> = Wide(rotation(2));

/// Byte order that rotates each 32-bit lane left by 8, for `vpshufb`.
pub static ROTATE_8: Wide<[u8; 32]> = Wide(rotation(1));

/// For each byte of a 256-bit register, the index within its 128 bits of the byte that a rotation by `bytes` moves there.
const fn rotation(bytes: usize) -> [u8; 32] {
    let mut order = [0; 32];
    let mut at = 0;
    while at < order.len() {
        let lane = at % 16 / 4 * 4;
        order[at] = (lane + (at + 4 - bytes) % 4) as u8;
        at += 1;
    }
    order
}
