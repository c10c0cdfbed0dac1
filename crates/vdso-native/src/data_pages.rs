// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The pages before an image, written as the kernel writes them.

use crate::reservation::Reservation;
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::io::Result;
use rustix::mm::{MprotectFlags, ProtFlags};
use std::mem::offset_of;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use vdso_abi::PAGE_SIZE;
use vdso_abi::rng_data::{CLOCK_MODE_OFFSET, CLOCK_MODE_TIMENS, VdsoRngData};
use vdso_link::DataPageLayout;

/// The shared data, writable here and read-only where the image sees it.
///
/// Outside of a time namespace only the pages with `struct vdso_data` and the generator's data are accessible to the image:
/// any other touch faults, as it may in a real process.
pub struct DataPages {
    layout: DataPageLayout,
    /// The kernel's view, always writable.
    pages: Reservation,
    in_time_namespace: AtomicBool,
}

impl DataPages {
    /// Makes the pages, all zero, and maps the image's view of them to the start of `range`.
    pub(crate) fn map_in_front(range: &Reservation, layout: DataPageLayout) -> Result<Self> {
        let file = memfd_create(c"vdso-data", MemfdFlags::CLOEXEC)?;
        ftruncate(&file, (layout.pages * PAGE_SIZE) as u64)?;
        range.map_file(0, layout.pages, ProtFlags::empty(), &file)?;
        let pages = Reservation::new(layout.pages)?;
        pages.map_file(0, layout.pages, ProtFlags::READ | ProtFlags::WRITE, &file)?;
        let data = Self { layout, pages, in_time_namespace: AtomicBool::new(false) };
        for place in [layout.vdso_data, layout.vdso_rng_data] {
            range.protect(data.offset(place) / PAGE_SIZE, MprotectFlags::READ)?;
        }
        Ok(data)
    }

    /// Publishes a generation; 0 is what a kernel shows that never seeded its generator.
    pub fn set_generation(&self, generation: u64) {
        self.generation_at(self.rng_data()).store(generation, Ordering::Release);
    }

    /// The generation that is published.
    pub fn generation(&self) -> u64 {
        self.generation_at(self.rng_data()).load(Ordering::Acquire)
    }

    /// Says whether the generator has been seeded fully.
    pub fn set_ready(&self, ready: bool) {
        self.byte_at(self.rng_data() + offset_of!(VdsoRngData, is_ready)).store(u8::from(ready), Ordering::Release);
    }

    /// Chooses the cipher: one of [`vdso_abi::rng_data::simd`].
    ///
    /// The caller answers for the processor having it: the image does not ask again.
    pub fn set_simd(&self, simd: u8) {
        self.byte_at(self.rng_data() + offset_of!(VdsoRngData, simd)).store(simd, Ordering::Release);
    }

    /// The cipher that is chosen.
    pub fn simd(&self) -> u8 {
        self.byte_at(self.rng_data() + offset_of!(VdsoRngData, simd)).load(Ordering::Acquire)
    }

    /// Moves the process into a time namespace, or out of it, with all that is published.
    ///
    /// In one, the default data page has the clock mode of a time namespace and zeros for the generator's data, and the
    /// real data lies at the time-namespace page. Where the layout has no such page only the clock mode changes.
    ///
    /// # Errors
    /// The operating system's, for the access to the time-namespace page.
    pub(crate) fn move_time_namespace(&self, range: &Reservation, enter: bool) -> Result<()> {
        let (generation, ready, simd) = (self.generation(), self.is_ready(), self.simd());
        let page = self.offset(self.layout.timens_vdso_data) / PAGE_SIZE;
        if self.swaps() && enter {
            range.protect(page, MprotectFlags::READ)?;
        }
        // A call that reads meanwhile finds generation 0 on either page, which is never valid.
        self.publish(0, false, 0);
        self.clock_mode().store(if enter { CLOCK_MODE_TIMENS } else { 1 }, Ordering::Release);
        self.in_time_namespace.store(enter, Ordering::Release);
        self.publish(generation, ready, simd);
        if self.swaps() && !enter {
            range.protect(page, MprotectFlags::empty())?;
        }
        Ok(())
    }

    fn publish(&self, generation: u64, ready: bool, simd: u8) {
        self.set_ready(ready);
        self.set_simd(simd);
        self.set_generation(generation);
    }

    fn is_ready(&self) -> bool {
        self.byte_at(self.rng_data() + offset_of!(VdsoRngData, is_ready)).load(Ordering::Acquire) != 0
    }

    /// Whether this kernel series swaps the generator's data in time namespaces.
    fn swaps(&self) -> bool {
        self.layout.timens_vdso_data != self.layout.vdso_data
    }

    /// Offset of the generator's real data from the start of the pages, in bytes.
    fn rng_data(&self) -> usize {
        let usual = self.offset(self.layout.vdso_rng_data);
        if self.swaps() && self.in_time_namespace.load(Ordering::Acquire) {
            usual - self.offset(self.layout.vdso_data) + self.offset(self.layout.timens_vdso_data)
        } else {
            usual
        }
    }

    /// Offset from the start of the pages of a place that the layout gives relative to the image.
    fn offset(&self, place: i64) -> usize {
        let end = (self.layout.pages * PAGE_SIZE) as i64;
        usize::try_from(end + place).expect("a layout names places within its pages")
    }

    fn at<T>(&self, offset: usize) -> *mut T {
        assert!(offset + size_of::<T>() <= self.layout.pages * PAGE_SIZE && offset.is_multiple_of(align_of::<T>()));
        // SAFETY: within the pages, as asserted.
        unsafe { self.pages.page(0).as_ptr().add(offset).cast() }
    }

    fn generation_at(&self, rng_data: usize) -> &AtomicU64 {
        // SAFETY: aligned and within pages that live as long as `self`; all access is atomic.
        unsafe { AtomicU64::from_ptr(self.at(rng_data + offset_of!(VdsoRngData, generation))) }
    }

    fn byte_at(&self, offset: usize) -> &AtomicU8 {
        // SAFETY: as for the generation.
        unsafe { AtomicU8::from_ptr(self.at(offset)) }
    }

    fn clock_mode(&self) -> &AtomicU32 {
        // SAFETY: as for the generation.
        unsafe { AtomicU32::from_ptr(self.at(self.offset(self.layout.vdso_data) + CLOCK_MODE_OFFSET)) }
    }
}
