// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The cipher routines: for each, the list of its accesses to the state.

use vdso_inject::labels::Kind::{Read, Write};
use vdso_inject::labels::Part::{Batch, Key, Output, Word};
use vdso_inject::labels::{Kind, Part};

/// The ciphers whose accesses differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// Four blocks at a time: a refill makes the upper half of the group first.
    Sse2,
    /// Eight blocks at a time.
    Avx2,
    /// Eight or sixteen blocks at a time, in more registers.
    Avx512vl,
    /// One block at a time, with only the key in memory: the kernel's C code.
    Scalar,
}

/// The effect of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Loads the key into registers, and uses the first cell of the batch as scratch.
    Load,
    /// Loads the key, and uses no scratch.
    LoadOnly,
    /// Permutes by way of the scratch, and adds the key, which is loaded once more.
    Add,
    /// Checks the tag before the stores that follow. In a refill with SSE2, the second check comes after the store of the
    /// upper half of the batch.
    CheckTag,
    /// Stores a word of all blocks to the scratch.
    Spill,
    /// Stores a first part of the next key.
    StoreKeyPart,
    /// Stores the next key, or the rest of it.
    StoreKey,
    /// Stores the second cell of the batch.
    StoreUpper,
    /// Stores the first cell of the batch, part of which comes from the scratch.
    StoreLower,
    /// Stores the first cell of the batch.
    StoreLowerOnly,
    /// Stores a group to the buffer, part of it from the scratch.
    Out,
    /// Stores a group to the buffer.
    OutOnly,
}

/// The accesses of one step. An event between them can affect only those to one part of the state.
pub type Accesses = &'static [(Part, Kind)];

/// One step of a routine.
pub type CipherStep = (Effect, Accesses);

const LOAD: CipherStep = (Effect::Load, &[(Batch, Write), (Key, Read), (Batch, Write), (Key, Read)]);
const ADD: CipherStep = (Effect::Add, &[(Batch, Read), (Batch, Write), (Key, Read), (Batch, Read)]);
const CHECK: CipherStep = (Effect::CheckTag, &[(Word, Read)]);
const STORE_KEY: CipherStep = (Effect::StoreKey, &[(Key, Write)]);
const STORE_UPPER: CipherStep = (Effect::StoreUpper, &[(Batch, Write)]);
const STORE_LOWER: CipherStep = (Effect::StoreLower, &[(Batch, Read), (Batch, Write)]);
const LOAD_AT_ONCE: CipherStep = (Effect::Load, &[(Batch, Write), (Key, Read)]);
const ADD_IN_REGISTERS: CipherStep = (Effect::Add, &[(Key, Read), (Batch, Read)]);
const SPILL: CipherStep = (Effect::Spill, &[(Batch, Write)]);
const OUT: CipherStep = (Effect::Out, &[(Output, Write), (Batch, Read), (Output, Write)]);

impl Cipher {
    /// A routine that writes a group to the caller's buffer.
    pub fn direct(self) -> &'static [CipherStep] {
        match self {
            Self::Sse2 | Self::Avx2 => &[LOAD, ADD, OUT],
            Self::Avx512vl => &[LOAD_AT_ONCE, ADD_IN_REGISTERS, SPILL, OUT],
            Self::Scalar => &[(Effect::LoadOnly, &[(Key, Read)]), (Effect::OutOnly, &[(Output, Write)])],
        }
    }

    /// A routine that writes a group over key and batch.
    pub fn refill(self) -> &'static [CipherStep] {
        match self {
            Self::Sse2 => &[
                LOAD,
                ADD,
                CHECK,
                (Effect::StoreUpper, &[(Batch, Write), (Batch, Read), (Batch, Write)]),
                LOAD,
                ADD,
                CHECK,
                (Effect::StoreKeyPart, &[(Key, Write), (Batch, Write), (Batch, Read)]),
                (Effect::StoreKey, &[(Key, Write)]),
                (Effect::StoreLowerOnly, &[(Batch, Write)]),
            ],
            Self::Avx2 => &[LOAD, ADD, CHECK, STORE_KEY, STORE_UPPER, STORE_LOWER],
            Self::Avx512vl => &[LOAD_AT_ONCE, ADD_IN_REGISTERS, CHECK, SPILL, STORE_KEY, STORE_UPPER, STORE_LOWER],
            Self::Scalar => &[
                (Effect::LoadOnly, &[(Key, Read)]),
                (Effect::StoreKey, &[(Key, Write)]),
                (Effect::StoreUpper, &[(Batch, Write)]),
                (Effect::StoreLowerOnly, &[(Batch, Write)]),
            ],
        }
    }
}
