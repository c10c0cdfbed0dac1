// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! An allocator with a limit on the memory of one input.

use mimalloc::MiMalloc;
use std::alloc::{GlobalAlloc, Layout};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The most bytes that an input may have allocated at a time. The files have some kilobytes, the largest a few hundred.
const LIMIT: usize = 32 << 20;

/// An allocator that counts. Beyond the limit it returns null, which ends the program.
pub struct Meter {
    in_use: AtomicUsize,
    /// The number of bytes that may be in use.
    most: AtomicUsize,
}

impl Meter {
    /// Returns an allocator with nothing in use and no limit.
    pub const fn new() -> Self {
        Self { in_use: AtomicUsize::new(0), most: AtomicUsize::new(usize::MAX) }
    }

    /// Runs a function that may allocate [`LIMIT`] bytes more than are in use.
    pub fn limit<T>(&self, run: impl FnOnce() -> T) -> T {
        self.most.store(self.in_use.load(Relaxed) + LIMIT, Relaxed);
        let outcome = run();
        self.most.store(usize::MAX, Relaxed);
        outcome
    }
}

// SAFETY: all memory comes from an allocator that keeps the contract of the trait, or the result is null.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.in_use.fetch_add(layout.size(), Relaxed) + layout.size() > self.most.load(Relaxed) {
            return null_mut();
        }
        // SAFETY: the caller promises a valid layout.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.in_use.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller promises that the block came from here, with this layout.
        unsafe { MiMalloc.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.in_use.fetch_sub(layout.size(), Relaxed);
        if self.in_use.fetch_add(size, Relaxed) + size > self.most.load(Relaxed) {
            return null_mut();
        }
        // SAFETY: the caller promises the same about block and layout, and a valid size.
        unsafe { MiMalloc.realloc(block, layout, size) }
    }
}
