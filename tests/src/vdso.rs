// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The image that `cargo xtask build-vdso` made, mapped and ready to be called.

use crate::state::StatePtr;
use anyhow::Result;
use std::ops::Range;
use std::path::{Path, PathBuf};
use vdso_abi::state::{STATE_LEN, VgetrandomState};
use vdso_link::Image;
use vdso_link::layout::SHARED_PAGE;
use vdso_native::{CpuLevel, DataPages, Getrandom, NativeImage, Vgetrandom};

/// `chacha20_generate_*`: output, state, counter of the first block, groups of 8 blocks.
type Generate = unsafe extern "sysv64" fn(*mut u8, *mut VgetrandomState, u64, usize);
/// `chacha20_refill_*`: state, counter of the first block, word that the state must still have; returns the blocks made.
type Refill = unsafe extern "sysv64" fn(*mut VgetrandomState, u64, u64) -> u64;

/// The generation that a new [`Vdso`] publishes.
pub const GENERATION: u64 = 7;

/// The stand-alone image with separate data pages: generator ready, [`GENERATION`], SSE2.
pub struct Vdso {
    image: NativeImage,
    len: usize,
    vgetrandom: Vgetrandom,
    getrandom: Getrandom,
}

/// The environment variable that names the directory of another build to test.
pub use vdso_fixtures::products::PRODUCTS;

impl Vdso {
    /// Returns the directory of the build under test, which is built if it is not current.
    pub fn products() -> PathBuf {
        vdso_fixtures::products::directory()
    }

    /// Maps `target/vdso/vdso64.so.dbg`, which has the symbols of the cipher routines.
    ///
    /// # Panics
    /// If it cannot be built or mapped.
    pub fn built() -> Self {
        Self::map(&Self::products().join("vdso64.so.dbg")).unwrap_or_else(|error| panic!("{error:#}"))
    }

    fn map(path: &Path) -> Result<Self> {
        let image = Image::read(path)?;
        let len = image.data().len();
        let image = NativeImage::map(&image, &SHARED_PAGE)?;
        image.data().set_generation(GENERATION);
        image.data().set_ready(true);
        Ok(Self { vgetrandom: image.vgetrandom_address()?, getrandom: image.getrandom_address()?, len, image })
    }

    /// The mapped image.
    pub fn image(&self) -> &NativeImage {
        &self.image
    }

    /// Addresses of the image, up to the end of its file.
    pub fn code(&self) -> Range<usize> {
        let base = self.image.base().as_ptr().addr();
        base..base + self.len
    }

    /// The data pages.
    pub fn data(&self) -> &DataPages {
        self.image.data()
    }

    /// Fills `buffer` with flags 0; returns what the function returned.
    pub fn draw(&self, buffer: &mut [u8], state: StatePtr) -> isize {
        // SAFETY: a slice is writable, and a `StatePtr` is a state.
        unsafe { self.call(buffer.as_mut_ptr(), buffer.len(), 0, state) }
    }

    /// The call with four arguments.
    ///
    /// # Safety
    /// `buffer` is writable for `len` bytes, or the process has a handler for the fault.
    pub unsafe fn call(&self, buffer: *mut u8, len: usize, flags: u32, state: StatePtr) -> isize {
        // SAFETY: the caller's promise for the buffer; a `StatePtr` is null or a state.
        unsafe { (self.vgetrandom)(buffer, len, flags, state.as_ptr()) }
    }

    /// The call with five arguments and the right length of the state.
    ///
    /// # Safety
    /// As for [`call`](Self::call).
    pub unsafe fn call_with_len(&self, buffer: *mut u8, len: usize, flags: u32, state: StatePtr) -> isize {
        // SAFETY: as above.
        unsafe { self.call_raw(buffer, len, flags, state, STATE_LEN) }
    }

    /// The call with five arguments.
    ///
    /// # Safety
    /// As for [`call`](Self::call); with a wrong `opaque_len` the state is not touched.
    pub unsafe fn call_raw(
        &self,
        buffer: *mut u8,
        len: usize,
        flags: u32,
        state: StatePtr,
        opaque_len: usize,
    ) -> isize {
        // SAFETY: as above.
        unsafe { (self.getrandom)(buffer, len, flags, state.as_ptr(), opaque_len) }
    }

    /// Writes `groups` groups of 8 blocks to `out` under the key in `state`, from block `counter` on.
    ///
    /// # Safety
    /// `out` is writable for `groups` × 512 bytes.
    pub unsafe fn generate(&self, cipher: CpuLevel, out: *mut u8, state: StatePtr, counter: u64, groups: usize) {
        let address = self.routine("generate", cipher);
        // SAFETY: the routine of this name has this signature, and the caller answers for the arguments.
        unsafe { std::mem::transmute::<usize, Generate>(address)(out, state.as_ptr().cast(), counter, groups) }
    }

    /// Overwrites key and batch of `state` from block `counter` on if its word is `in_use`; returns the blocks made.
    pub fn refill(&self, cipher: CpuLevel, state: StatePtr, counter: u64, in_use: u64) -> u64 {
        let address = self.routine("refill", cipher);
        // SAFETY: the routine of this name has this signature, and a `StatePtr` is a state.
        unsafe { std::mem::transmute::<usize, Refill>(address)(state.as_ptr().cast(), counter, in_use) }
    }

    /// Address of `chacha20_{verb}_{cipher}`.
    ///
    /// # Panics
    /// Where the image has no such symbol.
    pub fn routine(&self, verb: &str, cipher: CpuLevel) -> usize {
        let name = format!("chacha20_{verb}_{}", cipher.suffix);
        self.image.function(&name).unwrap_or_else(|error| panic!("{error}")).as_ptr().addr()
    }
}
