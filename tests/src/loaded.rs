// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! An image as the dynamic linker loads it, so that debuggers and unwinders know it.

use crate::kernel_pages::KernelPages;
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::null_mut;
use vdso_abi::PAGE_SIZE;
use vdso_abi::exports::VERSION;
use vdso_abi::rng_data::{CLOCK_MODE_OFFSET, VdsoRngData};
use vdso_link::{DataPageLayout, Image, LinkedImage};

/// `VDSO_CLOCKMODE_TSC` (Linux `arch/x86/include/asm/vdso/clocksource.h`).
const CLOCK_MODE_TSC: u32 = 1;

/// The contents of the data pages.
pub enum Data {
    /// To the object this generation and the cipher `simd`; to the kernel's own functions a clock that stands still at 0,
    /// and that they read without a system call.
    Own {
        /// The generation.
        generation: u64,
        /// One of [`vdso_abi::rng_data::simd`].
        simd: u8,
    },
    /// The running kernel's pages, which are moved here: see [`KernelPages::move_to`].
    Kernels,
    /// A snapshot of the running kernel's pages.
    KernelsAtOneMoment,
}

/// A loaded image with data pages right before it. It stays for the life of the process.
pub struct LoadedImage {
    handle: *mut libc::c_void,
    base: *mut u8,
    len: usize,
}

impl LoadedImage {
    /// More than there are gaps between the libraries of a process.
    const ATTEMPTS: usize = 64;

    /// Loads the image at `path`, with data pages as its kernel lays them out.
    ///
    /// # Panics
    /// Where the dynamic linker refuses it, or there is no room for the pages before it, or they are to be the running
    /// kernel's and it has others.
    pub fn load(path: &Path, data: Data) -> Self {
        let file = Image::read(path).unwrap_or_else(|error| panic!("{error}"));
        let len = file.data().len();
        let layout = LinkedImage::found(file).expect("a known kernel series").layout;
        let name = CString::new(path.as_os_str().as_bytes()).expect("no NUL in a path");
        for _ in 0..Self::ATTEMPTS {
            let image = Self::open(&name, len);
            if image.reserve_data_pages(&layout) {
                image.show(data, &layout);
                return image;
            }
            // The dynamic linker has put it into a gap that is too small for the pages. A page at the same place leaves no
            // room for the image in this gap, and the next attempt finds another one.
            // SAFETY: nothing refers to the image yet.
            unsafe { libc::dlclose(image.handle) };
            let flags = MapFlags::PRIVATE | MapFlags::FIXED_NOREPLACE;
            // SAFETY: nothing that exists is replaced.
            let filler = unsafe { mmap_anonymous(image.base.cast(), PAGE_SIZE, ProtFlags::empty(), flags) };
            filler.expect("the place is free again");
        }
        panic!("no room for the data pages before the image at any of {} places", Self::ATTEMPTS);
    }

    fn open(name: &CStr, len: usize) -> Self {
        // SAFETY: the image has no constructor.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!handle.is_null(), "dlopen: {}", dlerror());
        let mut image = Self { handle, base: null_mut(), len };
        let mut information = MaybeUninit::<libc::Dl_info>::uninit();
        let export = image.function(c"__vdso_vgetrandom");
        // SAFETY: the structure outlives the call.
        let found = unsafe { libc::dladdr(export as *const _, information.as_mut_ptr()) };
        assert_ne!(found, 0, "dladdr finds the image");
        // SAFETY: filled by the call that succeeded.
        image.base = unsafe { information.assume_init() }.dli_fbase.cast();
        image
    }

    /// The addresses of the image, up to the end of its file.
    pub fn code(&self) -> Range<usize> {
        self.base.addr()..self.base.addr() + self.len
    }

    /// The address of an export.
    ///
    /// # Panics
    /// Where there is none of this name.
    pub fn function(&self, name: &CStr) -> usize {
        // SAFETY: handle and name are valid.
        let address = unsafe { libc::dlsym(self.handle, name.as_ptr()) };
        assert!(!address.is_null(), "dlsym: {}", dlerror());
        address.addr()
    }

    /// The address of an export, asked for with the version that every vDSO gives its functions.
    ///
    /// # Panics
    /// Where there is none of this name and version.
    pub fn versioned(&self, name: &CStr) -> usize {
        let version = CString::new(VERSION).expect("no NUL");
        // SAFETY: handle, name and version are valid.
        let address = unsafe { libc::dlvsym(self.handle, name.as_ptr(), version.as_ptr()) };
        assert!(!address.is_null(), "dlvsym: {}", dlerror());
        address.addr()
    }

    /// Returns whether there was room.
    fn reserve_data_pages(&self, layout: &DataPageLayout) -> bool {
        let len = layout.pages * PAGE_SIZE;
        let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::FIXED_NOREPLACE);
        // SAFETY: nothing that exists is replaced.
        let mapped = unsafe { mmap_anonymous(self.base.wrapping_sub(len).cast(), len, access, flags) };
        match mapped {
            Err(Errno::EXIST) => false,
            mapped => mapped.map(|_| true).expect("mmap of a few pages"),
        }
    }

    /// Fills the reserved pages.
    fn show(&self, data: Data, layout: &DataPageLayout) {
        let start = self.base.wrapping_sub(layout.pages * PAGE_SIZE);
        let kernels = || {
            let pages = KernelPages::find().expect("the running kernel's data pages");
            assert_eq!(pages.count(), layout.pages, "the image is of another kernel");
            pages
        };
        match data {
            Data::Own { generation, simd } => {
                let rng_data = self.base.wrapping_offset(layout.vdso_rng_data as isize).cast::<VdsoRngData>();
                // SAFETY: within the reserved pages; the layout aligns the place.
                unsafe { rng_data.write(VdsoRngData { generation, is_ready: 1, simd }) };
                let clock_mode = self.base.wrapping_offset(layout.vdso_data as isize + CLOCK_MODE_OFFSET as isize);
                // SAFETY: as above.
                unsafe { clock_mode.cast::<u32>().write(CLOCK_MODE_TSC) };
            }
            // SAFETY: the place was reserved for them.
            Data::Kernels => unsafe { kernels().move_to(start) },
            Data::KernelsAtOneMoment => {
                let sequence = (layout.pages * PAGE_SIZE).wrapping_add_signed(layout.vdso_data as isize);
                let shown = kernels().snapshot(sequence);
                // SAFETY: as many pages as were reserved.
                unsafe { start.copy_from_nonoverlapping(shown.as_ptr(), shown.len()) };
            }
        }
    }
}

fn dlerror() -> String {
    // SAFETY: the dynamic linker's own text, which stays until its next call.
    unsafe { CStr::from_ptr(libc::dlerror()) }.to_string_lossy().into_owned()
}
