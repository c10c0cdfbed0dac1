// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The stripped image as the dynamic linker loads it, so that debuggers and unwinders know it.

use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::null_mut;
use vdso_abi::PAGE_SIZE;
use vdso_abi::rng_data::VdsoRngData;
use vdso_link::layout::SHARED_PAGE;

/// A loaded image with data pages right before it. It stays for the life of the process.
pub struct LoadedImage {
    handle: *mut libc::c_void,
    base: *mut u8,
    len: usize,
}

impl LoadedImage {
    /// More than there are gaps between the libraries of a process.
    const ATTEMPTS: usize = 64;

    /// Loads the image at `path`, and publishes `generation` and the cipher `simd` to it.
    ///
    /// # Panics
    /// Where the dynamic linker refuses it, or there is no room for the pages before it.
    pub fn load(path: &Path, generation: u64, simd: u8) -> Self {
        let len = std::fs::read(path)
            .unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask build-vdso` first", path.display()))
            .len();
        let name = CString::new(path.as_os_str().as_bytes()).expect("no NUL in a path");
        for _ in 0..Self::ATTEMPTS {
            let image = Self::open(&name, len);
            if image.map_data_pages(generation, simd) {
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

    /// Returns whether there was room.
    fn map_data_pages(&self, generation: u64, simd: u8) -> bool {
        let place = self.base.wrapping_sub(SHARED_PAGE.pages * PAGE_SIZE);
        let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::FIXED_NOREPLACE);
        // SAFETY: nothing that exists is replaced.
        let mapped = unsafe { mmap_anonymous(place.cast(), SHARED_PAGE.pages * PAGE_SIZE, access, flags) };
        match mapped {
            Err(Errno::EXIST) => return false,
            mapped => mapped.expect("mmap of a few pages"),
        };
        let rng_data = self.base.wrapping_offset(SHARED_PAGE.vdso_rng_data as isize).cast::<VdsoRngData>();
        // SAFETY: within the pages just mapped; the layout aligns the place.
        unsafe { rng_data.write(VdsoRngData { generation, is_ready: 1, simd }) };
        true
    }
}

fn dlerror() -> String {
    // SAFETY: the dynamic linker's own text, which stays until its next call.
    unsafe { CStr::from_ptr(libc::dlerror()) }.to_string_lossy().into_owned()
}
