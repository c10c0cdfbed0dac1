// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! How much memory something takes.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// An allocator that knows how much was in use at most.
struct Meter;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: what is handed out comes from the system's allocator.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        MOST.fetch_max(IN_USE.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller's promise about the layout.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise that the block is one of ours, with this layout.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static METER: Meter = Meter;

/// The numbers are of the whole process: one at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// The outcome of something, and how many bytes it had allocated at most at a time.
pub fn taken<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let _alone = ALONE.lock();
    let before = IN_USE.load(Relaxed);
    MOST.store(before, Relaxed);
    let outcome = run();
    (outcome, MOST.load(Relaxed).saturating_sub(before))
}
