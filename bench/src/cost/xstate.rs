// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The components of the processor's state that are in use, which the kernel must save and restore (XSAVE in-use bits).

use super::VdsoFunction;
use crate::buffer::Buffer;
use crate::output;
use crate::peers::{Name, Peer};
use crate::table;
use anyhow::Result;
use serde::Serialize;
use std::arch::asm;
use std::arch::x86_64::{__cpuid_count, _xgetbv};

/// The components that a cipher can touch, by bit (Intel SDM volume 1, section 13.1).
const COMPONENTS: [(u32, &str); 5] = [(1, "SSE"), (2, "AVX"), (5, "opmask"), (6, "ZMM_Hi256"), (7, "Hi16_ZMM")];

/// Bytes drawn: more than a batch, so that each routine of a cipher runs.
const LEN: usize = 2048;

/// In-use bits before and after a draw.
#[derive(Debug, Serialize)]
pub struct InUse {
    peer: Name,
    before: u64,
    after: u64,
}

/// Vector registers that a program can leave in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum UsedRegisters {
    /// The upper halves of `ymm0–15`.
    Ymm,
    /// `zmm16–31`.
    Zmm16,
}

/// Reads the bits before and after a draw; returns nothing if the processor does not report them.
///
/// # Errors
/// No memory for a state.
pub fn measure(functions: &[VdsoFunction]) -> Result<Vec<InUse>> {
    if !shows_in_use() {
        return Ok(Vec::new());
    }
    let mut buffer = Buffer::new(LEN);
    functions.iter().map(|function| Ok(around_draw(&function.peer()?, &mut buffer))).collect()
}

fn around_draw(peer: &Peer, buffer: &mut Buffer) -> InUse {
    let start = buffer.start();
    // The first call fetches a key, so read the bits around the second one, which is a usual call.
    // SAFETY: the buffer has that length.
    unsafe { peer.call(start, LEN) };
    clean();
    let before = in_use();
    // SAFETY: as above.
    unsafe { peer.call(start, LEN) };
    let after = in_use();
    InUse { peer: peer.name, before, after }
}

/// Prints the components in use before and after the draw.
pub fn print(draws: &[InUse]) {
    if draws.is_empty() {
        output::print("\nstate in use: not measured: this processor lacks XGETBV with ECX = 1\n");
    }
    let rows: Vec<Vec<String>> =
        draws.iter().map(|draw| vec![draw.peer.to_string(), names(draw.before), names(draw.after)]).collect();
    table::print(&format!("state in use around a draw of {LEN} bytes"), &["", "before", "after"], &rows);
}

fn names(bits: u64) -> String {
    let names: Vec<&str> = COMPONENTS.iter().filter(|(bit, _)| bits >> bit & 1 != 0).map(|(_, name)| *name).collect();
    if names.is_empty() { "none".into() } else { names.join(" ") }
}

/// Whether the processor has `XGETBV` with `ECX = 1` (cpuid leaf 0xd, subleaf 1, `EAX` bit 2).
fn shows_in_use() -> bool {
    std::arch::is_x86_feature_detected!("xsave") && __cpuid_count(0xd, 1).eax >> 2 & 1 != 0
}

#[inline(always)]
fn in_use() -> u64 {
    #[target_feature(enable = "xsave")]
    fn read() -> u64 {
        // SAFETY: register 1 exists, by `shows_in_use`.
        unsafe { _xgetbv(1) }
    }
    // SAFETY: called where `shows_in_use`.
    unsafe { read() }
}

/// Resets all vector registers of this processor to their initial state.
pub fn clean() {
    // SAFETY: each instruction exists where it is used, and the operands name every register that changes.
    unsafe {
        if std::arch::is_x86_feature_detected!("avx512f") {
            asm!(
                "vzeroall",
                "vpxord zmm16, zmm16, zmm16", "vpxord zmm17, zmm17, zmm17", "vpxord zmm18, zmm18, zmm18",
                "vpxord zmm19, zmm19, zmm19", "vpxord zmm20, zmm20, zmm20", "vpxord zmm21, zmm21, zmm21",
                "vpxord zmm22, zmm22, zmm22", "vpxord zmm23, zmm23, zmm23", "vpxord zmm24, zmm24, zmm24",
                "vpxord zmm25, zmm25, zmm25", "vpxord zmm26, zmm26, zmm26", "vpxord zmm27, zmm27, zmm27",
                "vpxord zmm28, zmm28, zmm28", "vpxord zmm29, zmm29, zmm29", "vpxord zmm30, zmm30, zmm30",
                "vpxord zmm31, zmm31, zmm31",
                "kxorw k1, k1, k1", "kxorw k2, k2, k2", "kxorw k3, k3, k3", "kxorw k4, k4, k4",
                "kxorw k5, k5, k5", "kxorw k6, k6, k6", "kxorw k7, k7, k7", "kxorw k0, k0, k0",
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _,
                out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                options(nomem, nostack, preserves_flags),
            );
        } else if std::arch::is_x86_feature_detected!("avx") {
            asm!(
                "vzeroall",
                out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _,
                out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
                options(nomem, nostack, preserves_flags),
            );
        }
    }
}

impl UsedRegisters {
    /// The registers that this processor has.
    pub fn supported() -> Vec<Self> {
        let mut supported = Vec::new();
        if std::arch::is_x86_feature_detected!("avx2") {
            supported.push(Self::Ymm);
        }
        if std::arch::is_x86_feature_detected!("avx512f") {
            supported.push(Self::Zmm16);
        }
        supported
    }

    /// Leaves the registers in use.
    #[inline(always)]
    pub fn leave_in_use(self) {
        // SAFETY: the instructions exist, by `supported`. Calls of C functions may change these registers.
        unsafe {
            match self {
                Self::Ymm => asm!(
                    "vpcmpeqd ymm15, ymm15, ymm15",
                    out("xmm15") _,
                    options(nomem, nostack, preserves_flags),
                ),
                // No operand is needed: this program is built without AVX-512, so the compiler uses no `zmm` register.
                Self::Zmm16 => asm!("vpternlogd zmm31, zmm31, zmm31, 0xff", options(nomem, nostack, preserves_flags),),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lists_the_components_of_the_bits() {
        assert_eq!(names(0), "none");
        assert_eq!(names(0b1000_0110), "SSE AVX Hi16_ZMM");
        assert_eq!(names(1 << 0 | 1 << 9), "none", "a cipher touches neither x87 nor protection keys");
    }

    /// The converse is not tested: a processor may report registers as in use that are not.
    #[test]
    fn registers_left_in_use_are_reported() {
        if !shows_in_use() {
            return;
        }
        for (registers, bit) in UsedRegisters::supported().into_iter().zip([2, 7]) {
            clean();
            registers.leave_in_use();
            let bits = in_use();
            clean();
            assert!(bits >> bit & 1 == 1, "{registers:?}: {bits:#x}");
        }
    }
}
