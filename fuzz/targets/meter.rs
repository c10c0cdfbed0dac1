// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The allocator, which gives an input no more than it may have.

use mimalloc::MiMalloc;
use std::alloc::{GlobalAlloc, Layout};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The most that an input may have allocated at a time, in bytes. The files take some kilobytes, the largest some hundred.
const LIMIT: usize = 32 << 20;

/// An allocator that counts. Where too much is asked for, there is no memory, and the program ends.
pub struct Meter {
    in_use: AtomicUsize,
    /// How much may be in use.
    most: AtomicUsize,
}

impl Meter {
    /// Nothing is in use, and nothing forbidden.
    pub const fn new() -> Self {
        Self { in_use: AtomicUsize::new(0), most: AtomicUsize::new(usize::MAX) }
    }

    /// Runs something that may take [`LIMIT`] more than is in use already.
    pub fn limit<T>(&self, run: impl FnOnce() -> T) -> T {
        self.most.store(self.in_use.load(Relaxed) + LIMIT, Relaxed);
        let outcome = run();
        self.most.store(usize::MAX, Relaxed);
        outcome
    }
}

// SAFETY: what is handed out comes from an allocator that keeps the promises, or is null.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.in_use.fetch_add(layout.size(), Relaxed) + layout.size() > self.most.load(Relaxed) {
            return null_mut();
        }
        // SAFETY: the caller's promise about the layout.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.in_use.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise that the block is one of ours, with this layout.
        unsafe { MiMalloc.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.in_use.fetch_sub(layout.size(), Relaxed);
        if self.in_use.fetch_add(size, Relaxed) + size > self.most.load(Relaxed) {
            return null_mut();
        }
        // SAFETY: the caller's promises about block, layout and size.
        unsafe { MiMalloc.realloc(block, layout, size) }
    }
}
