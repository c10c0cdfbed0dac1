// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Memory that this process shares with the children of its forks.

use crate::Error;
use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Zeroed memory for one value that all sides see.
pub struct Shared<T> {
    place: NonNull<T>,
}

/// Maps zeroed memory of `len` bytes. Untouched pages take no memory.
fn map(len: usize) -> Result<NonNull<u8>, Error> {
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: no address is given, so nothing that exists is replaced.
    let place = unsafe { libc::mmap(null_mut(), len, access, flags, -1, 0) };
    match NonNull::new(place.cast::<u8>()) {
        Some(place) if place.as_ptr().cast() != libc::MAP_FAILED => Ok(place),
        _ => Err(Error::last("shared memory")),
    }
}

fn unmap(place: *mut u8, len: usize) {
    // SAFETY: mapped by `map` with this length; the owner goes.
    unsafe { libc::munmap(place.cast(), len) };
}

impl<T> Shared<T> {
    /// Maps the memory.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn new() -> Result<Self, Error> {
        Ok(Self { place: map(size_of::<T>())?.cast() })
    }

    /// Where the value lies.
    pub fn as_ptr(&self) -> *mut T {
        self.place.as_ptr()
    }
}

/// A type whose all-zero bytes are a valid value, and which several processes may change at the same time.
///
/// # Safety
/// Both hold for the type.
pub unsafe trait SharedValue {}

impl<T: SharedValue> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: zeroed memory is a value by the promise of `SharedValue`, and so are shared changes.
        unsafe { self.place.as_ref() }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        unmap(self.place.as_ptr().cast(), size_of::<T>());
    }
}

/// A list that one process at a time appends to, and others read when it has ended.
pub struct SharedList<T> {
    len: Shared<AtomicUsize>,
    items: NonNull<u8>,
    capacity: usize,
    _items: PhantomData<UnsafeCell<T>>,
}

// SAFETY: 0 is a number, and it is atomic.
unsafe impl SharedValue for AtomicUsize {}

impl<T: Copy> SharedList<T> {
    /// Maps room for `capacity` items.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn new(capacity: usize) -> Result<Self, Error> {
        Ok(Self { len: Shared::new()?, items: map(capacity * size_of::<T>())?, capacity, _items: PhantomData })
    }

    /// Appends; returns whether there was room.
    pub fn push(&self, item: T) -> bool {
        let len = self.len.load(Ordering::Relaxed);
        if len == self.capacity {
            return false;
        }
        // SAFETY: within the mapping; no other process appends, and none reads past the length.
        unsafe { self.items.cast::<T>().add(len).write(item) };
        self.len.store(len + 1, Ordering::Release);
        true
    }

    /// The appended items.
    pub fn items(&self) -> &[T] {
        let len = self.len.load(Ordering::Acquire);
        // SAFETY: so many were written, and are not written again.
        unsafe { std::slice::from_raw_parts(self.items.cast::<T>().as_ptr(), len) }
    }
}

impl<T> Drop for SharedList<T> {
    fn drop(&mut self) {
        unmap(self.items.as_ptr(), self.capacity * size_of::<T>());
    }
}
