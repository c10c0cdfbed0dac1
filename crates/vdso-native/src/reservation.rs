// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A range of addresses that belongs to one owner and is given back as a whole.

use rustix::fd::AsFd;
use rustix::io::Result;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap, mmap_anonymous, mprotect, munmap};
use std::ptr::{NonNull, null_mut};
use vdso_abi::PAGE_SIZE;

/// Reserved addresses. They are inaccessible until a page is mapped into them, and are unmapped on drop.
pub(crate) struct Reservation {
    base: NonNull<u8>,
    pages: usize,
}

impl Reservation {
    /// Reserves `pages` pages, all inaccessible.
    pub(crate) fn new(pages: usize) -> Result<Self> {
        // SAFETY: no address is given, so nothing that exists is replaced.
        let base = unsafe {
            mmap_anonymous(null_mut(), pages * PAGE_SIZE, ProtFlags::empty(), MapFlags::PRIVATE | MapFlags::NORESERVE)?
        };
        // The kernel never places a mapping at address 0 without being told to.
        let base = NonNull::new(base.cast()).ok_or(rustix::io::Errno::NOMEM)?;
        Ok(Self { base, pages })
    }

    /// Address of page `page`.
    ///
    /// # Panics
    /// If the page lies after the end.
    pub(crate) fn page(&self, page: usize) -> NonNull<u8> {
        assert!(page <= self.pages, "page {page} of {}", self.pages);
        // SAFETY: within the range, or one past its end.
        unsafe { self.base.add(page * PAGE_SIZE) }
    }

    /// Maps the first `pages` pages of a file, shared, from page `first` on.
    pub(crate) fn map_file(&self, first: usize, pages: usize, prot: ProtFlags, file: impl AsFd) -> Result<()> {
        assert!(first + pages <= self.pages, "pages {first}..{} of {}", first + pages, self.pages);
        // SAFETY: the range is ours, and replacing a mapping in it is what the caller wants.
        unsafe {
            mmap(
                self.page(first).as_ptr().cast(),
                pages * PAGE_SIZE,
                prot,
                MapFlags::SHARED | MapFlags::FIXED,
                file,
                0,
            )?;
        }
        Ok(())
    }

    /// Copies `bytes` to page `first` and the ones after it, and makes them readable and executable.
    pub(crate) fn load(&self, first: usize, bytes: &[u8]) -> Result<()> {
        let len = bytes.len().next_multiple_of(PAGE_SIZE);
        assert!(first + len / PAGE_SIZE <= self.pages, "{} bytes at page {first} of {}", bytes.len(), self.pages);
        let place = self.page(first).as_ptr();
        // SAFETY: the range is ours and has room for `bytes`; nothing refers to it yet.
        unsafe {
            mprotect(place.cast(), len, MprotectFlags::READ | MprotectFlags::WRITE)?;
            place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            mprotect(place.cast(), len, MprotectFlags::READ | MprotectFlags::EXEC)
        }
    }

    /// Changes the access to one page.
    pub(crate) fn protect(&self, page: usize, access: MprotectFlags) -> Result<()> {
        assert!(page < self.pages, "page {page} of {}", self.pages);
        // SAFETY: the page is ours. Rust references to it are never made.
        unsafe { mprotect(self.page(page).as_ptr().cast(), PAGE_SIZE, access) }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // SAFETY: the range is ours, and callers have promised to stop before.
        let unmapped = unsafe { munmap(self.base.as_ptr().cast(), self.pages * PAGE_SIZE) };
        debug_assert!(unmapped.is_ok(), "munmap: {unmapped:?}");
    }
}

// SAFETY: addresses belong to the process, not to a thread.
unsafe impl Send for Reservation {}
// SAFETY: what `&self` allows beyond looking up an address are system calls, which the kernel orders, and the load of an
// image, which happens before the owner is shared.
unsafe impl Sync for Reservation {}
