// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! An image in memory, and its functions.

use crate::data_pages::DataPages;
use crate::reservation::Reservation;
use crate::{Error, symbols};
use object::read::elf::ProgramHeader;
use object::{LittleEndian, elf};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::path::PathBuf;
use std::ptr::NonNull;
use vdso_abi::PAGE_SIZE;
use vdso_link::object_file::ElfFile;
use vdso_link::{DataPageLayout, Image};

/// `ssize_t vgetrandom(void *buffer, size_t len, unsigned int flags, void *opaque_state)`.
pub type Vgetrandom = unsafe extern "C" fn(*mut u8, usize, u32, *mut c_void) -> isize;
/// `ssize_t getrandom(void *buffer, size_t len, unsigned int flags, void *opaque_state, size_t opaque_len)`.
pub type Getrandom = unsafe extern "C" fn(*mut u8, usize, u32, *mut c_void, usize) -> isize;

/// A vDSO image, mapped after its data pages as the kernel does it. Dropping it unmaps both.
pub struct NativeImage {
    path: PathBuf,
    layout: DataPageLayout,
    range: Reservation,
    data: DataPages,
    len: usize,
    functions: BTreeMap<String, u64>,
}

impl NativeImage {
    /// Maps `image` after the pages of `layout`. They are zero: the generator is not ready, and its generation invalid.
    ///
    /// # Errors
    /// [`Error::Segment`] where the image is not one segment from its first byte on, [`Error::Map`] where memory is refused.
    pub fn map(image: &Image, layout: &DataPageLayout) -> Result<Self, Error> {
        let elf = image.elf()?;
        let segment = segment(&elf, image)?;
        let refused = |what| move |reason| Error::Map { path: image.path().into(), what, reason };
        let image_pages = segment.len().div_ceil(PAGE_SIZE);
        let range = Reservation::new(layout.pages + image_pages).map_err(refused("a range of addresses"))?;
        let data = DataPages::map_in_front(&range, *layout).map_err(refused("the data pages"))?;
        range.load(layout.pages, segment).map_err(refused("the image"))?;
        Ok(Self {
            path: image.path().into(),
            layout: *layout,
            range,
            data,
            len: segment.len(),
            functions: symbols::functions(&elf),
        })
    }

    /// The data pages, through which the caller plays the kernel.
    pub fn data(&self) -> &DataPages {
        &self.data
    }

    /// Moves the process into a time namespace, or out of it, as far as this image can tell: clock mode, place of the
    /// generator's data, and access to the time-namespace page.
    ///
    /// # Errors
    /// [`Error::Map`] where the operating system refuses the change of access.
    pub fn enter_time_namespace(&self, enter: bool) -> Result<(), Error> {
        self.data.move_time_namespace(&self.range, enter).map_err(|reason| Error::Map {
            path: self.path.clone(),
            what: "the time-namespace page",
            reason,
        })
    }

    /// Address of the image's first byte.
    pub fn base(&self) -> NonNull<u8> {
        self.range.page(self.layout.pages)
    }

    /// Address of a function: of an export, or of any other where the image has a `.symtab`.
    ///
    /// # Errors
    /// [`Error::NoFunction`].
    pub fn function(&self, name: &str) -> Result<NonNull<c_void>, Error> {
        let missing = || Error::NoFunction { path: self.path.clone(), name: name.into() };
        let offset = usize::try_from(*self.functions.get(name).ok_or_else(missing)?).map_err(|_| missing())?;
        if offset >= self.len {
            return Err(missing());
        }
        // SAFETY: within the image, as just looked up.
        Ok(unsafe { self.base().add(offset) }.cast())
    }

    /// The export with four arguments, for callers that need its address. It must not be called after `self` is dropped.
    ///
    /// # Errors
    /// [`Error::NoFunction`] where the image does not have it.
    pub fn vgetrandom_address(&self) -> Result<Vgetrandom, Error> {
        let function = self.function("__vdso_vgetrandom")?;
        // SAFETY: a function of this name has this signature, by the contract that the image is made for.
        Ok(unsafe { std::mem::transmute::<NonNull<c_void>, Vgetrandom>(function) })
    }

    /// The export with five arguments, for callers that need its address. It must not be called after `self` is dropped.
    ///
    /// # Errors
    /// [`Error::NoFunction`] where the image does not have it.
    pub fn getrandom_address(&self) -> Result<Getrandom, Error> {
        let function = self.function("__vdso_getrandom")?;
        // SAFETY: as above.
        Ok(unsafe { std::mem::transmute::<NonNull<c_void>, Getrandom>(function) })
    }

    /// Calls the export with four arguments; returns what it returned, a count of bytes or a negative errno.
    ///
    /// # Errors
    /// [`Error::NoFunction`] where the image does not have it.
    ///
    /// # Safety
    /// The image is code to be trusted; `buffer` and `state` are as its contract wants them.
    pub unsafe fn vgetrandom(
        &self,
        buffer: *mut u8,
        len: usize,
        flags: u32,
        state: *mut c_void,
    ) -> Result<isize, Error> {
        let vgetrandom = self.vgetrandom_address()?;
        // SAFETY: the caller's promise.
        Ok(unsafe { vgetrandom(buffer, len, flags, state) })
    }

    /// Calls the export with five arguments; returns what it returned, a count of bytes or a negative errno.
    ///
    /// # Errors
    /// [`Error::NoFunction`] where the image does not have it.
    ///
    /// # Safety
    /// As for [`vgetrandom`](Self::vgetrandom).
    pub unsafe fn getrandom(
        &self,
        buffer: *mut u8,
        len: usize,
        flags: u32,
        state: *mut c_void,
        opaque_len: usize,
    ) -> Result<isize, Error> {
        let getrandom = self.getrandom_address()?;
        // SAFETY: the caller's promise.
        Ok(unsafe { getrandom(buffer, len, flags, state, opaque_len) })
    }
}

/// The bytes that the kernel would map: those of the one loadable segment, which begins with the file.
fn segment<'data>(elf: &ElfFile<'data>, image: &Image) -> Result<&'data [u8], Error> {
    let refused = |what: String| Error::Segment { path: image.path().into(), what };
    let endian = LittleEndian;
    let mut loads = elf.elf_program_headers().iter().filter(|header| header.p_type(endian) == elf::PT_LOAD);
    let (Some(load), None) = (loads.next(), loads.next()) else {
        return Err(refused("no PT_LOAD segment, or more than one".into()));
    };
    if (load.p_vaddr(endian), load.p_offset(endian)) != (0, 0) {
        let (address, offset) = (load.p_vaddr(endian), load.p_offset(endian));
        return Err(refused(format!("its PT_LOAD segment is at address {address:#x}, offset {offset:#x}")));
    }
    let data = load.data(endian, elf.data()).map_err(|()| refused("its PT_LOAD segment ends after the file".into()))?;
    if data.is_empty() {
        return Err(refused("its PT_LOAD segment is empty".into()));
    }
    Ok(data)
}
