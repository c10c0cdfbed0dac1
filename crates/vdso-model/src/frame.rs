// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One call on the stack: its next access, and the values that it keeps in registers and on its stack.

use crate::value::{KeyId, Value};

/// The longest request, in cells.
pub const MAX_OUTPUT: usize = 5;

macro_rules! places {
    ($($(#[doc = $doc:literal])* $place:ident,)*) => {
        /// The program counter of a call: the access that it makes next.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Pc {
            $($(#[doc = $doc])* $place,)*
        }

        impl Pc {
            /// All accesses, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$place),*];
        }
    };
}

places! {
    /// Fast path: read the generation.
    HitGeneration,
    /// Fast path: compare the word.
    HitWord,
    /// Fast path, wrong on purpose: read the count before the take.
    HitEarlyCount,
    /// Fast path: take.
    HitTake,
    /// Fast path: read the count.
    HitCount,
    /// Fast path: the batch is too short; release.
    HitPutBack,
    /// Find the data page.
    Locate,
    /// Read the generation.
    Generation,
    /// Compare the word.
    CompareWord,
    /// Take.
    Take,
    /// Read whether the kernel's generator is ready.
    Ready,
    /// Read whether the state is in use.
    InUse,
    /// Store the tag, before a key is fetched.
    StoreTag,
    /// Fetch the key.
    Fetch,
    /// A failed fetch resets the state; then the system call.
    ResetToSystemCall,
    /// Store that no bytes are left.
    ZeroCount,
    /// Leave FETCHING.
    LeaveFetching,
    /// Wrong on purpose: read the generation after the fetch, and store the tag then.
    LateGeneration,
    /// Read which cipher the kernel allows.
    Simd,
    /// Read the count.
    Count,
    /// Copy a cell of the batch to the buffer.
    Copy,
    /// Zero a cell of the batch.
    Erase,
    /// Check the tag before direct groups.
    DirectCheck,
    /// A step of the cipher, for a direct group.
    Direct,
    /// A step of the cipher, for a refill.
    Refill,
    /// Store the new count.
    StoreCount,
    /// Read the generation again.
    CheckGeneration,
    /// Check the tag.
    CheckWord,
    /// Release.
    Release,
    /// Wrong on purpose: store the count after the release.
    LateCount,
    /// Reset the state, and discard the pass.
    Discard,
    /// Fall back to the system call.
    SystemCall,
    /// In-use flag: test it.
    FlagTest,
    /// In-use flag: set it.
    FlagSet,
    /// In-use flag: clear it, and fall back to the system call.
    FlagClearToSystemCall,
    /// In-use flag: a key could not be fetched, so the generation becomes 0.
    FlagNoKey,
    /// In-use flag: store that the first cells of the batch are taken.
    FlagStorePosition,
    /// In-use flag: store the position of a new batch.
    FlagNewPosition,
}

/// The relation of a call to the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Held {
    /// The call does not hold the state.
    #[default]
    No,
    /// The call took the state under the tag of the generation.
    Taken,
    /// The call fetches, or fetched, the key.
    Fetched,
}

/// One call that has not returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its next access.
    pub pc: Pc,
    /// Progress within the cipher or the copy.
    pub at: u8,
    /// Cells of the request.
    pub len: u8,
    /// Passes that are left, this one included.
    pub passes: u8,
    /// Number of the present pass.
    pub pass: u8,
    /// The generation that it read.
    pub generation: u8,
    /// Cells that are in the buffer.
    pub done: u8,
    /// The count, as the call knows it.
    pub remaining: u8,
    /// Cells that the present copy moves from the batch.
    pub moving: u8,
    /// Whether it is on the fast path.
    pub hit: bool,
    /// Whether the buffer has bytes of a discarded pass.
    pub left: bool,
    /// Counter of the next group.
    pub counter: u8,
    /// How it holds the state.
    pub held: Held,
    /// K9: it found the word 0.
    pub found_zero: bool,
    /// Whether a fork came after its last check.
    pub finished: bool,
    /// The published generation when it wrote its last cell.
    pub floor: u8,
    /// The key in registers.
    pub register: Option<KeyId>,
    /// The buffer.
    pub output: [Value; MAX_OUTPUT],
}

impl Frame {
    /// A call for `len` cells that has not begun.
    pub fn new(pc: Pc, len: u8, passes: u8) -> Self {
        Self {
            pc,
            at: 0,
            len,
            passes,
            pass: 1,
            generation: 0,
            done: 0,
            remaining: 0,
            moving: 0,
            hit: pc_is_hit(pc),
            left: false,
            counter: 0,
            held: Held::No,
            found_zero: false,
            finished: false,
            floor: 0,
            register: None,
            output: [Value::Zero; MAX_OUTPUT],
        }
    }
}

fn pc_is_hit(pc: Pc) -> bool {
    pc == Pc::HitGeneration
}
