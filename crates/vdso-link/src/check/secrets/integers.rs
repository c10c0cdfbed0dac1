// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The rule `secrets/integers`: finds floating-point arithmetic by the names of instructions.

use super::instructions;
use crate::Examination;
use iced_x86::Mnemonic;
use vdso_elf::anatomy::Anatomy;

/// The rule `secrets/integers`.
pub fn integers(object: &Anatomy, examination: &mut Examination) {
    for (function, code) in instructions(object) {
        examination.look();
        if is_floating_point(code.instruction.mnemonic()) {
            let cause = "a slip in a mnemonic: paddd for addps, pmuludq for mulpd";
            examination.find(function.place(code), function.show(code), "integer arithmetic, logic and moves", cause);
        }
    }
}

/// Whether an instruction computes with numbers in vector registers instead of bits. Their names say so: an operation, and
/// the kind of its operands.
fn is_floating_point(mnemonic: Mnemonic) -> bool {
    const OPERATIONS: [&str; 24] = [
        "add", "sub", "hadd", "hsub", "mul", "div", "sqrt", "rsqrt", "rcp", "min", "max", "cmp", "comis", "ucomis",
        "cvt", "round", "rndscale", "reduce", "range", "scalef", "getexp", "getmant", "fixupimm", "dpp",
    ];
    let name = format!("{mnemonic:?}").to_lowercase();
    let name = name.strip_prefix('v').unwrap_or(&name);
    let fused = ["fmadd", "fmsub", "fnmadd", "fnmsub"].iter().any(|operation| name.starts_with(operation));
    // Conversions name two kinds of operands, comparisons of one number the kind alone.
    let kinds = ["ps", "pd", "ss", "sd"];
    let of_numbers = name.starts_with("cvt") || kinds.iter().any(|kind| name.ends_with(kind));
    fused || of_numbers && OPERATIONS.iter().any(|operation| name.starts_with(operation))
}

#[cfg(test)]
mod tests {
    use super::is_floating_point;
    use iced_x86::Mnemonic;

    #[test]
    fn is_floating_point_excludes_integer_and_bit_operations() {
        use Mnemonic::*;
        for mnemonic in
            [Addps, Vaddpd, Addsubps, Divps, Vdivsd, Sqrtps, Vrsqrt14ps, Cvtdq2ps, Vcvtps2ph, Ucomisd, Vcomiss]
        {
            assert!(is_floating_point(mnemonic), "{mnemonic:?}");
        }
        for mnemonic in [Vfmadd213ps, Vfnmsub132sd, Cmpps, Vcmppd, Minps, Roundps, Vrndscaleps, Dpps, Haddps, Mulpd] {
            assert!(is_floating_point(mnemonic), "{mnemonic:?}");
        }
        for mnemonic in [Paddd, Vpaddq, Pmuludq, Xorps, Vandnpd, Movups, Vmovapd, Shufps, Unpcklps, Vperm2f128, Vprold]
        {
            assert!(!is_floating_point(mnemonic), "{mnemonic:?}");
        }
        for mnemonic in [Add, Sub, Cmp, Adc, Mul, Cmove, Vzeroall, Vpermps, Vblendps, Vbroadcastss, Vinsertf128, Movss]
        {
            assert!(!is_floating_point(mnemonic), "{mnemonic:?}");
        }
    }
}
