// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Pages whose access and contents a test changes at will.

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::mm::{Advice, MapFlags, MprotectFlags, MremapFlags, ProtFlags};
use rustix::mm::{madvise, mmap, mmap_anonymous, mprotect, mremap_fixed, munmap};
use std::ffi::c_void;
use std::ptr::null_mut;
use vdso_abi::PAGE_SIZE;

/// Anonymous pages, all zero and writable, between two inaccessible ones.
pub struct Pages {
    reserved: *mut u8,
    count: usize,
}

impl Pages {
    /// Maps `count` private pages.
    pub fn new(count: usize) -> Self {
        Self::map(count, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE).expect("mmap of a few pages")
    }

    /// Maps `count` pages that this process and the children of later forks share.
    pub fn shared(count: usize) -> Self {
        Self::map(count, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED).expect("mmap of a few pages")
    }

    /// Maps `count` pages with these arguments of `mmap(2)`, or `None` where the kernel refuses them.
    pub fn with_flags(count: usize, prot: u32, flags: u32) -> Option<Self> {
        Self::map(count, ProtFlags::from_bits_retain(prot), MapFlags::from_bits_retain(flags)).ok()
    }

    fn map(count: usize, access: ProtFlags, flags: MapFlags) -> rustix::io::Result<Self> {
        // SAFETY: no address is given, so nothing that exists is replaced.
        let mapped = unsafe { mmap_anonymous(null_mut(), (count + 2) * PAGE_SIZE, access, flags)? };
        let pages = Self { reserved: mapped.cast(), count };
        pages.set_access(-1, MprotectFlags::empty());
        pages.set_access(count as isize, MprotectFlags::empty());
        Ok(pages)
    }

    /// A copy of all bytes. The pages are all open.
    pub fn bytes(&self) -> Vec<u8> {
        // SAFETY: the pages are ours and readable; the slice does not outlive this expression.
        unsafe { std::slice::from_raw_parts(self.start(), self.count * PAGE_SIZE) }.to_vec()
    }

    /// Address of the first writable byte.
    pub fn start(&self) -> *mut u8 {
        self.reserved.wrapping_add(PAGE_SIZE)
    }

    /// Address right after the last writable byte, where an overrun by one byte faults.
    pub fn end(&self) -> *mut u8 {
        self.start().wrapping_add(self.count * PAGE_SIZE)
    }

    /// The page that `address` lies in, or `None` where it is none of these.
    pub fn page_of(&self, address: usize) -> Option<usize> {
        let offset = address.checked_sub(self.start().addr())?;
        (offset < self.count * PAGE_SIZE).then_some(offset / PAGE_SIZE)
    }

    /// Makes a page inaccessible.
    pub fn close(&self, page: usize) {
        self.set_access(page as isize, MprotectFlags::empty());
    }

    /// Makes a page writable.
    pub fn open(&self, page: usize) {
        self.set_access(page as isize, MprotectFlags::READ | MprotectFlags::WRITE);
    }

    /// Drops the contents of all pages, as a reclaim of droppable memory does: they read as zero from now on.
    pub fn wipe(&self) {
        self.advise(Advice::LinuxDontNeed);
    }

    /// Moves all pages to the place of `to`, which has as many. Their own place is unmapped then.
    pub fn move_to(&self, to: &Self) {
        self.remap(to, MremapFlags::MAYMOVE);
    }

    /// Moves the contents of all pages to the place of `to`, which has as many. Their own place reads as zero then.
    pub fn move_contents_to(&self, to: &Self) {
        self.remap(to, MremapFlags::MAYMOVE | MremapFlags::DONTUNMAP);
    }

    fn remap(&self, to: &Self, flags: MremapFlags) {
        assert_eq!(self.count, to.count);
        let len = self.count * PAGE_SIZE;
        // SAFETY: both ranges are ours, and no reference to them is held across a call of this function.
        let moved = unsafe { mremap_fixed(self.start().cast(), len, len, flags, to.start().cast()) };
        moved.expect("mremap of own pages");
    }

    /// Marks all pages as wiped in the child of a fork.
    pub fn wipe_on_fork(&self) {
        self.advise(Advice::LinuxWipeOnFork);
    }

    fn advise(&self, advice: Advice) {
        // SAFETY: the pages are ours, and no reference to them is held across a call of this function.
        unsafe { madvise(self.start().cast(), self.count * PAGE_SIZE, advice) }.expect("madvise of own pages");
    }

    fn set_access(&self, page: isize, access: MprotectFlags) {
        let place: *mut c_void = self.start().wrapping_offset(page * PAGE_SIZE as isize).cast();
        // SAFETY: the page is ours; a test that closes it has no reference into it.
        unsafe { mprotect(place, PAGE_SIZE, access) }.expect("mprotect of own pages");
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: the range is ours.
        unsafe { munmap(self.reserved.cast(), (self.count + 2) * PAGE_SIZE) }.expect("munmap of own pages");
    }
}

/// A range of addresses that maps the same small memory repeatedly, and is inaccessible after its end.
pub struct Alias {
    start: *mut u8,
    reserved: usize,
}

impl Alias {
    /// Length of that memory, in bytes.
    const PART: usize = 1 << 24;

    /// Maps `len` bytes, which is a multiple of the page size.
    pub fn new(len: usize) -> Self {
        let reserved = len + PAGE_SIZE;
        let memory = memfd_create(c"alias", MemfdFlags::CLOEXEC).expect("memfd_create");
        ftruncate(&memory, Self::PART as u64).expect("ftruncate");
        // SAFETY: no address is given, so nothing that exists is replaced.
        let start = unsafe {
            mmap_anonymous(null_mut(), reserved, ProtFlags::empty(), MapFlags::PRIVATE | MapFlags::NORESERVE)
        };
        let alias = Self { start: start.expect("a range of addresses").cast(), reserved };
        for offset in (0..len).step_by(Self::PART) {
            let (place, access) = (alias.start.wrapping_add(offset), ProtFlags::READ | ProtFlags::WRITE);
            let flags = MapFlags::SHARED | MapFlags::FIXED;
            // SAFETY: within the range, which is ours.
            let mapped = unsafe { mmap(place.cast(), Self::PART.min(len - offset), access, flags, &memory, 0) };
            mapped.expect("mmap of a part");
        }
        alias
    }

    /// Address of the first byte.
    pub fn start(&self) -> *mut u8 {
        self.start
    }
}

impl Drop for Alias {
    fn drop(&mut self) {
        // SAFETY: the range is ours.
        unsafe { munmap(self.start.cast(), self.reserved) }.expect("munmap of own pages");
    }
}

// SAFETY: the pages belong to no thread; tests use them from handlers of their only thread.
unsafe impl Send for Pages {}
// SAFETY: as above.
unsafe impl Sync for Pages {}
