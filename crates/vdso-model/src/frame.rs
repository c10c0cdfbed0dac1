// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! One call on the stack: its next access, and the values that it keeps in registers and on its stack.

use crate::value::{KeyId, Value};

/// The longest request, in cells.
pub const MAX_OUTPUT: usize = 5;

macro_rules! places {
    ($($(#[doc = $doc:literal])* $place:ident,)*) => {
        /// Where a call stands: the access that it makes next.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Pc {
            $($(#[doc = $doc])* $place,)*
        }

        impl Pc {
            /// All places, in the order of their numbers.
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
    /// Mark the state as in use, without a key.
    Mark,
    /// Fetch the key.
    Fetch,
    /// A failed fetch resets the state; then the system call.
    ResetToSystemCall,
    /// Store that no bytes are left.
    ZeroCount,
    /// Leave FETCHING.
    LeaveFetching,
    /// Wrong on purpose: read the generation after the fetch, and mark the state with it.
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
    /// Serve the request by the system call.
    SystemCall,
    /// In-use flag: test it.
    FlagTest,
    /// In-use flag: set it.
    FlagSet,
    /// In-use flag: clear it, and serve the request by the system call.
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
    /// It does not hold it.
    #[default]
    No,
    /// It took it under the tag of the generation.
    Taken,
    /// It fetches, or fetched, the key.
    Fetched,
}

/// One call that has not returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its next access.
    pub pc: Pc,
    /// Progress within the cipher or the copy.
    pub at: u8,
    /// Cells that are wanted.
    pub len: u8,
    /// Passes that it may still begin.
    pub passes: u8,
    /// The pass that it is in.
    pub pass: u8,
    /// The generation that it read.
    pub generation: u8,
    /// Cells that are in the buffer.
    pub done: u8,
    /// Cells of the batch that are left, as far as it knows.
    pub remaining: u8,
    /// Cells that it moves from the batch now.
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
    /// A process was forked when it had made its last check.
    pub finished: bool,
    /// The generation that was published when it wrote its last cell.
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
