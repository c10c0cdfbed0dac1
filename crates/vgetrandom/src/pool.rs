// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The slots of the process: chunks of 63, in a list that only grows.
//!
//! A take clears a bit and a return sets it. So neither waits for another thread, and a signal handler may do both at any
//! instruction. Only its owner returns a slot: the child of a fork does not collect the slots of the parent's other threads,
//! because it cannot tell which of them were in a call.

#![expect(unsafe_code, reason = "memory from mmap")]

use crate::abi::PAGE_SIZE;
use crate::kernel;
use crate::process::Vdso;
use crate::slot::Slot;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// Slots of a chunk: a page without its head.
pub const SLOTS: usize = PAGE_SIZE / Slot::LEN - 1;
/// All slots are free.
const ALL_FREE: u64 = (1 << SLOTS) - 1;
/// Passes over the list after which a take fails. A pass fails only if other threads take all slots that it adds.
const PASSES: usize = 8;

/// The head of a chunk, at the beginning of its page.
#[repr(C, align(64))]
struct Chunk {
    next: AtomicPtr<Chunk>,
    /// Bit `n` is set while slot `n` is free.
    free: AtomicU64,
}
const _: () = assert!(size_of::<Chunk>() == Slot::LEN);

/// A list of chunks.
pub struct Pool {
    head: AtomicPtr<Chunk>,
}

impl Pool {
    /// A pool without chunks.
    pub const fn new() -> Self {
        Self { head: AtomicPtr::new(null_mut()) }
    }

    /// Takes a free slot, and maps a chunk if there is none. `None` if the kernel refuses memory.
    pub fn take(&self, vdso: &Vdso) -> Option<&'static Slot> {
        for _ in 0..PASSES {
            if let Some(slot) = self.chunks().find_map(Chunk::take) {
                return Some(slot);
            }
            self.push(Chunk::map(vdso)?);
        }
        None
    }

    /// Returns a slot from [`take`](Self::take) to the pool, unless its tag is set: an abandoned call may still write to its
    /// state, so that slot is never used again.
    pub fn give_back(&self, slot: &'static Slot) {
        if slot.is_in_use() {
            return;
        }
        slot.set_replaced(0);
        let address = NonNull::from(slot).cast::<u8>();
        let offset = address.addr().get() % PAGE_SIZE;
        // SAFETY: a slot lies in the page that begins with the head of its chunk, and a chunk is never unmapped. The
        // provenance is that of the mapping, which was exposed.
        let chunk: &Chunk = unsafe { &*core::ptr::with_exposed_provenance(address.addr().get() - offset) };
        chunk.free.fetch_or(1 << (offset / Slot::LEN - 1), Ordering::Release);
    }

    /// Maps chunks until this number of slots is free. Returns whether the kernel granted the memory.
    pub fn reserve(&self, slots: usize, vdso: &Vdso) -> bool {
        let mut free: usize = self.chunks().map(|chunk| chunk.free.load(Ordering::Relaxed).count_ones() as usize).sum();
        while free < slots {
            let Some(chunk) = Chunk::map(vdso) else { return false };
            self.push(chunk);
            free += SLOTS;
        }
        true
    }

    fn push(&self, chunk: &'static Chunk) {
        let new = (&raw const *chunk).cast_mut();
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            chunk.next.store(head, Ordering::Relaxed);
            // Fails only when another thread pushed in between.
            match self.head.compare_exchange_weak(head, new, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }

    fn chunks(&self) -> impl Iterator<Item = &'static Chunk> {
        let at = |pointer: *mut Chunk| {
            // SAFETY: null, or a chunk that was complete when it was pushed and is never unmapped.
            unsafe { pointer.as_ref() }
        };
        core::iter::successors(at(self.head.load(Ordering::Acquire)), move |chunk| {
            at(chunk.next.load(Ordering::Acquire))
        })
    }
}

impl Chunk {
    /// Maps the slots and their states: two mappings, or none.
    fn map(vdso: &Vdso) -> Option<&'static Self> {
        let page = kernel::map_private(PAGE_SIZE)?;
        let Some(states) = kernel::map(vdso.states_len(SLOTS), vdso.protection, vdso.map_flags) else {
            // SAFETY: mapped above, and nothing refers to it.
            unsafe { kernel::unmap(page, PAGE_SIZE) };
            return None;
        };
        page.as_ptr().expose_provenance();
        for index in 0..SLOTS {
            // SAFETY: within the mapping of the states, by `states_len`.
            let state = unsafe { states.add(vdso.state_offset(index)) };
            let slot = Slot::new(vdso.function, state.as_ptr().cast(), vdso.state_len);
            // SAFETY: a place of the page after the head, aligned to its length.
            unsafe { page.add((index + 1) * Slot::LEN).cast().write(slot) };
        }
        let chunk = page.cast::<Self>();
        let head = Self { next: AtomicPtr::new(null_mut()), free: AtomicU64::new(ALL_FREE) };
        // SAFETY: the beginning of the page, which is mapped for the rest of the process.
        Some(unsafe {
            chunk.write(head);
            chunk.as_ref()
        })
    }

    fn take(&'static self) -> Option<&'static Slot> {
        loop {
            let free = self.free.load(Ordering::Relaxed);
            if free == 0 {
                return None;
            }
            let index = free.trailing_zeros();
            let bit = 1 << index;
            // Another thread may have taken the slot: that thread made progress, and one bit fewer is left.
            if self.free.fetch_and(!bit, Ordering::Acquire) & bit != 0 {
                let page: *const u8 = core::ptr::with_exposed_provenance((&raw const *self).addr());
                // SAFETY: slot `index` was written before the chunk was pushed, and no code writes the whole slot after it.
                return Some(unsafe { &*page.add((index as usize + 1) * Slot::LEN).cast() });
            }
        }
    }
}
