// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Opaque states: prepared, looked at, and at any address.

use crate::memory::Pages;
use std::ffi::c_void;
use std::fmt;
use std::mem::offset_of;
use std::ptr::null_mut;
use vdso_abi::state::{BATCH_LEN, FETCHING, KEY_LEN, STATE_LEN, VgetrandomState};

/// The contents of a state.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// The next key.
    pub key: [u8; KEY_LEN],
    /// The batch.
    pub batch: [u8; BATCH_LEN],
    /// Generation and in-use tag.
    pub word: u64,
    /// Bytes left in the batch.
    pub remaining: u32,
    /// Always zero.
    pub reserved: u32,
}

/// The word of an idle state with a key of `generation`.
pub const fn idle(generation: u64) -> u64 {
    generation << 1 | 1
}

/// The word of a state that a call took under `generation`.
pub const fn in_use(generation: u64) -> u64 {
    generation << 1
}

/// The word of a state that is in use and waits for its key, by a call whose frame is at `address`.
pub const fn fetching(address: u64) -> u64 {
    address | FETCHING
}

impl Snapshot {
    /// A fresh state.
    pub const FRESH: Self = Self { key: [0; KEY_LEN], batch: [0; BATCH_LEN], word: 0, remaining: 0, reserved: 0 };

    /// An idle state with a key of `generation` that is made from `seed`, and an empty batch.
    pub fn keyed(generation: u64, seed: u8) -> Self {
        let key = std::array::from_fn(|i| seed ^ (i as u8).wrapping_mul(0x3b).wrapping_add(0x51));
        Self { key, word: idle(generation), ..Self::FRESH }
    }

    /// The same state with `remaining` bytes of a batch that is made from `seed`; no byte of it is zero.
    #[must_use]
    pub fn with_batch(mut self, remaining: usize, seed: u8) -> Self {
        for (i, byte) in self.batch[..remaining].iter_mut().enumerate() {
            *byte = seed.wrapping_add((i % 251) as u8).max(1);
        }
        self.remaining = u32::try_from(remaining).expect("a batch is short");
        self
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        writeln!(f, "word {:#x}, remaining {}, reserved {}", self.word, self.remaining, self.reserved)?;
        write!(f, "key {}\nbatch {}", hex(&self.key), hex(&self.batch))
    }
}

/// Address of a state, or null. It stays valid as long as what it was taken from.
#[derive(Clone, Copy, Debug)]
pub struct StatePtr(*mut VgetrandomState);

impl StatePtr {
    /// No state.
    pub const NULL: Self = Self(null_mut());

    /// The state at `address`, which may have any alignment.
    ///
    /// # Safety
    /// 512 bytes from `address` on are writable for as long as the pointer is used.
    pub unsafe fn new(address: *mut u8) -> Self {
        Self(address.cast())
    }

    /// The address, for calls.
    pub fn as_ptr(self) -> *mut c_void {
        self.0.cast()
    }

    /// The address of the key, as a number.
    pub fn key_address(self) -> usize {
        self.0.addr() + offset_of!(VgetrandomState, key)
    }

    /// The contents.
    pub fn read(self) -> Snapshot {
        // SAFETY: valid by the promise of `new`; the layout has no padding and holds for any bytes.
        let VgetrandomState { key, batch, word, remaining, reserved } = unsafe { self.0.read_unaligned() };
        Snapshot { key, batch, word, remaining, reserved }
    }

    /// Replaces the contents.
    pub fn write(self, contents: Snapshot) {
        let Snapshot { key, batch, word, remaining, reserved } = contents;
        // SAFETY: valid by the promise of `new`.
        unsafe { self.0.write_unaligned(VgetrandomState { key, batch, word, remaining, reserved }) };
    }

    /// The word alone.
    pub fn word(self) -> u64 {
        self.read().word
    }
}

// SAFETY: the memory belongs to no thread; tests use a state from handlers of their only thread.
unsafe impl Send for StatePtr {}
// SAFETY: as above.
unsafe impl Sync for StatePtr {}

/// A page of states that is wiped on fork, as clients map it, and can be wiped at will.
pub struct StatePage(Pages);

impl StatePage {
    /// Maps the page with fresh states.
    pub fn new() -> Self {
        let pages = Pages::new(1);
        pages.wipe_on_fork();
        Self(pages)
    }

    /// Maps the page with fresh states that survive this process in its parent.
    pub fn shared() -> Self {
        Self(Pages::shared(1))
    }

    /// Maps the page, and writes `contents` to the first state.
    pub fn with(contents: Snapshot) -> Self {
        let page = Self::new();
        page.state().write(contents);
        page
    }

    /// The first state.
    pub fn state(&self) -> StatePtr {
        self.at(0)
    }

    /// The state that begins `offset` bytes into the page.
    ///
    /// # Panics
    /// If it would end after the page.
    pub fn at(&self, offset: usize) -> StatePtr {
        assert!(offset <= vdso_abi::PAGE_SIZE - STATE_LEN, "a state at {offset} straddles the page");
        // SAFETY: within the page, as asserted; the page is writable and lives as long as `self`.
        unsafe { StatePtr::new(self.0.start().wrapping_add(offset)) }
    }

    /// The page, to be moved or closed.
    pub fn pages(&self) -> &Pages {
        &self.0
    }

    /// Zeroes the page, as a fork does in the child and a reclaim anywhere.
    pub fn wipe(&self) {
        self.0.wipe();
    }
}

impl Default for StatePage {
    fn default() -> Self {
        Self::new()
    }
}
