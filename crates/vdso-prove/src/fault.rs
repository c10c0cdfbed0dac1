// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The claims of the theorem, and how a routine violates one.

use std::fmt;

/// One claim about every execution of a routine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// Each word of each block is ChaCha20's.
    Output,
    /// Only the key, the scratch, the output, the word and constants are accessed.
    Memory,
    /// The key is loaded for the last time before the first store over it.
    KeyOrder,
    /// Between the last load of the key and each store of output, the word is found to hold the tag.
    TagCheck,
    /// No vector register holds anything but zeros or its value at entry when the routine returns.
    Zeroed,
    /// No address and no branch depends on a secret, and no general register holds one.
    Secrets,
    /// Every instruction belongs to the extensions that the level of the routine allows.
    Features,
    /// Registers that the caller keeps are unchanged, and the result is as documented.
    Registers,
    /// The loop makes progress, and its counts add up.
    Loop,
    /// The evaluator knows each instruction and can decide each branch.
    Covered,
}

impl Claim {
    /// All claims, in the order in which they are printed.
    pub const ALL: [Self; 10] = [
        Self::Output,
        Self::Memory,
        Self::KeyOrder,
        Self::TagCheck,
        Self::Zeroed,
        Self::Secrets,
        Self::Features,
        Self::Registers,
        Self::Loop,
        Self::Covered,
    ];

    /// The identifier in findings.
    pub fn id(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Memory => "memory",
            Self::KeyOrder => "key-order",
            Self::TagCheck => "tag-check",
            Self::Zeroed => "zeroed",
            Self::Secrets => "secrets",
            Self::Features => "features",
            Self::Registers => "registers",
            Self::Loop => "loop",
            Self::Covered => "covered",
        }
    }

    /// The violation in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Output => "output is not ChaCha20's",
            Self::Memory => "memory is accessed that is none of the routine's",
            Self::KeyOrder => "the key is loaded after a store over it",
            Self::TagCheck => "output is stored without a check of the tag",
            Self::Zeroed => "a vector register is not zeroed",
            Self::Secrets => "a secret reaches an address, a branch or a general register",
            Self::Features => "the level does not allow an instruction",
            Self::Registers => "a general register does not hold what it must",
            Self::Loop => "the loop does not make the blocks that are left",
            Self::Covered => "the code cannot be evaluated",
        }
    }

    /// The claim as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Output => "Each word of each block equals ChaCha20's, for every key and every block counter.",
            Self::Memory => "Loads touch key, scratch, word and constants; stores touch output and scratch only.",
            Self::KeyOrder => "No load of the key follows a store over it.",
            Self::TagCheck => {
                "A successful check of the tag stands between the last load of the key and each store of output."
            }
            Self::Zeroed => "On return each vector register is zero, or never written.",
            Self::Secrets => "No address and no branch depends on a secret, and no general register holds one.",
            Self::Features => "Each instruction belongs to an extension that the level allows.",
            Self::Registers => {
                "Registers that the caller keeps are unchanged; the result is the number of blocks, or 0."
            }
            Self::Loop => "Each pass of the loop makes whole blocks and leaves as many fewer.",
            Self::Covered => "Each instruction of the routine is executed, known to the evaluator, and decided.",
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A violated claim, before the place of the instruction is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The claim.
    pub claim: Claim,
    /// How it is violated.
    pub text: String,
}

impl Fault {
    /// A violation of a claim.
    pub fn new(claim: Claim, text: impl Into<String>) -> Self {
        Self { claim, text: text.into() }
    }
}
