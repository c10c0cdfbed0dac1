// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The verdict on all routines of a program, with what is claimed and what is assumed.

use crate::fault::Claim;
use crate::finding::Finding;
use crate::program::Program;
use crate::routine::{Proof, prove};
use std::fmt::Write as _;
use vdso_abi::routines::CIPHER_ROUTINES;

/// The theorem in one sentence.
const THEOREM: &str = "For every key, every 64-bit block counter and every number of groups, each cipher routine writes \
                       the ChaCha20 blocks (RFC 8439, zero nonce) with these numbers and keeps all claims.";

/// Facts that the proof takes for granted.
const ASSUMPTIONS: [&str; 5] = [
    "The caller keeps the safety contract: output, state and image are valid and do not overlap; a buffer has at most 2^63 - 1 bytes.",
    "Another thread of control may change the word between two instructions. The key changes only if the word changes too: a wipe clears both.",
    "Code and constants are as in the file.",
    "The processor executes each instruction as the evaluator does: `cargo test -p vdso-tests --test prove` compares them.",
    "The specification is RFC 8439, section 2.3: its test vectors are compared.",
];

/// The verdicts on all routines.
#[derive(Debug)]
pub struct Report {
    /// One for each of [`CIPHER_ROUTINES`].
    pub verdicts: Vec<Result<Proof, Finding>>,
}

/// Proves all routines of a program, or finds a violated claim for each that fails.
pub fn prove_all(program: &Program) -> Report {
    Report { verdicts: CIPHER_ROUTINES.iter().map(|routine| prove(program, routine)).collect() }
}

impl Report {
    /// The findings, one for each routine that fails.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.verdicts.iter().filter_map(|verdict| verdict.as_ref().err())
    }
}

/// Theorem, assumptions and claims as text.
pub fn preamble() -> String {
    let mut text = format!("Theorem\n  {THEOREM}\nAssumptions\n");
    for assumption in ASSUMPTIONS {
        let _ = writeln!(text, "  {assumption}");
    }
    text.push_str("Claims\n");
    for claim in Claim::ALL {
        let _ = writeln!(text, "  {:<10} {}", claim.id(), claim.sentence());
    }
    text
}
