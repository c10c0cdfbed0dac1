// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The rules `secrets/zeroed` and `secrets/upper-halves`: the contents of vector registers at a return.

use super::{routines, written};
use crate::Examination;
use iced_x86::{EncodingKind, Mnemonic, Register};
use vdso_elf::anatomy::Anatomy;
use vdso_elf::anatomy::flow::{self, Fact};
use vdso_elf::anatomy::functions::Code;

/// Vector registers that may hold something, one bit a register.
#[derive(Clone, Copy, Default, PartialEq)]
struct Residue {
    /// Bits 0 to 127 of the register.
    low: u32,
    /// Everything above.
    high: u32,
    /// Whether the processor counts upper halves as used.
    uppers_in_use: bool,
}

impl Fact for Residue {
    fn join(&self, other: &Self) -> Self {
        Self {
            low: self.low | other.low,
            high: self.high | other.high,
            uppers_in_use: self.uppers_in_use || other.uppers_in_use,
        }
    }

    fn after(&self, code: &Code) -> Self {
        /// Registers that `vzeroall` and `vzeroupper` reach.
        const OLD_REGISTERS: u32 = 0xffff;
        let Self { mut low, mut high, uppers_in_use } = *self;
        let instruction = &code.instruction;
        match instruction.mnemonic() {
            Mnemonic::Vzeroall => {
                return Self { low: low & !OLD_REGISTERS, high: high & !OLD_REGISTERS, uppers_in_use: false };
            }
            Mnemonic::Vzeroupper => return Self { low, high: high & !OLD_REGISTERS, uppers_in_use: false },
            _ => {}
        }
        let zeroes = is_zero_idiom(code);
        let legacy = instruction.encoding() == EncodingKind::Legacy;
        let narrow = instruction.op0_register().is_xmm();
        let vectors = written(code).filter(|register| register.is_vector_register());
        let mask = vectors.fold(0, |mask, register| mask | 1 << register.number());
        low = if zeroes { low & !mask } else { low | mask };
        if !legacy {
            // VEX and EVEX forms with a 128-bit destination clear the rest of the register.
            high = if zeroes || narrow { high & !mask } else { high | mask };
        }
        let widens = mask != 0 && !legacy && !narrow;
        Self { low, high, uppers_in_use: uppers_in_use || widens }
    }
}

/// The exclusive-or of a register with itself.
fn is_zero_idiom(code: &Code) -> bool {
    use Mnemonic::{Pxor, Vpxor, Vpxord, Vpxorq, Vxorpd, Vxorps, Xorpd, Xorps};
    let instruction = &code.instruction;
    let [op0, op1, op2] = [instruction.op0_register(), instruction.op1_register(), instruction.op2_register()];
    match instruction.mnemonic() {
        Pxor | Xorps | Xorpd => op0 == op1,
        Vpxor | Vxorps | Vxorpd | Vpxord | Vpxorq => op1 == op2 && op1 != Register::None && !instruction.has_op_mask(),
        _ => false,
    }
}

/// The rule `secrets/zeroed`.
pub fn zeroed(object: &Anatomy, examination: &mut Examination) {
    at_returns(object, examination, |residue| {
        let names = |mask: u32, prefix: &str| {
            let set = (0..u32::BITS).filter(|bit| mask >> bit & 1 == 1);
            set.map(|bit| format!("{prefix}{bit}")).collect::<Vec<_>>()
        };
        let mut left = names(residue.low, "xmm");
        left.extend(names(residue.high, "upper half of ymm"));
        let cause = "add `pxor` of each register with itself, or vzeroall, on the path to this ret";
        (!left.is_empty()).then(|| (format!("{} may not be zero here", left.join(", ")), "zero in all of them", cause))
    });
}

/// The rule `secrets/upper-halves`.
pub fn upper_halves(object: &Anatomy, examination: &mut Examination) {
    at_returns(object, examination, |residue| {
        let found = "a return after use of ymm registers".to_owned();
        let wanted = "vzeroupper or vzeroall before it";
        residue.uppers_in_use.then_some((found, wanted, "zeroing each register is not enough: end with vzeroall"))
    });
}

type Verdict = Option<(String, &'static str, &'static str)>;

fn at_returns(object: &Anatomy, examination: &mut Examination, contradiction: impl Fn(&Residue) -> Verdict) {
    for function in routines(object) {
        let before = flow::before_each(function, Residue::default());
        for (code, residue) in function.code.iter().zip(&before) {
            let Some(residue) = residue.as_ref().filter(|_| code.instruction.mnemonic() == Mnemonic::Ret) else {
                continue;
            };
            examination.look();
            if let Some((found, wanted, cause)) = contradiction(residue) {
                examination.find(function.place(code), found, wanted, cause);
            }
        }
    }
}
