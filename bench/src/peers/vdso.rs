// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `__vdso_getrandom` of the image under one CPU level, and of the running kernel.

use super::state_page::StatePage;
use super::{Level, NOWHERE};
use anyhow::{Context, Result, ensure};
use libloading::os::unix::{Library, RTLD_NOW};
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::path::Path;
use std::sync::Arc;
use vdso_abi::PAGE_SIZE;
use vdso_abi::exports::SONAME;
use vdso_abi::state::VgetrandomOpaqueParams;
use vdso_link::Image;
use vdso_link::layout::SHARED_PAGE;
use vdso_native::{DataPages, Getrandom, NativeImage};

/// A valid generation.
const FIRST_GENERATION: u64 = 2;

/// The image with symbols. Its mapped contents equal those of the stripped one.
const IMAGE: &str = "vdso64.so.dbg";

/// `dlopen` flag: find the library only if it is loaded (glibc `dlfcn.h`).
const RTLD_NOLOAD: i32 = libc::RTLD_NOLOAD;

/// A `__vdso_getrandom`, for any number of threads.
#[derive(Clone)]
pub struct Vdso {
    function: Getrandom,
    params: Arc<VgetrandomOpaqueParams>,
    /// The mapping of this project's image; `None` for the kernel's.
    image: Option<Arc<NativeImage>>,
}

/// A [`Vdso`] with the state of one thread.
pub struct Thread {
    vdso: Vdso,
    page: StatePage,
}

impl Vdso {
    /// Maps this project's image with a separate data page that allows `level`.
    ///
    /// # Errors
    /// The processor or the object lacks that level, or the image cannot be mapped.
    pub fn ours(products: &Path, level: Level) -> Result<Self> {
        let image = map_ours(products, level)?;
        image.data().set_generation(FIRST_GENERATION);
        image.data().set_ready(true);
        image.data().set_simd(level.simd());
        let function = image.getrandom_address()?;
        Ok(Self { function, params: Arc::new(probe(function)?), image: Some(Arc::new(image)) })
    }

    /// Finds the function of the running kernel.
    ///
    /// # Errors
    /// The kernel has none: Linux 6.11 added it.
    pub fn running() -> Result<Self> {
        // SAFETY: nothing is loaded, so no initialiser runs.
        let library = unsafe { Library::open(Some(SONAME), RTLD_NOLOAD | RTLD_NOW) }.context("no vDSO")?;
        // SAFETY: a function of this name has this type, and the kernel never unmaps it.
        let function = unsafe { library.get::<Getrandom>(c"__vdso_getrandom").map(|symbol| *symbol) };
        let function = function.context("this kernel's vDSO has no __vdso_getrandom (Linux 6.11 and later have)")?;
        Ok(Self { function, params: Arc::new(probe(function)?), image: None })
    }

    /// Repeats the size probe, to be timed.
    pub fn probe(&self) -> Result<()> {
        probe(self.function).map(drop)
    }

    /// Adds the fresh state of one thread.
    ///
    /// # Errors
    /// The kernel refuses memory with the properties that the probe asks for.
    pub fn thread(&self) -> Result<Thread> {
        Ok(Thread { page: StatePage::map(&self.params)?, vdso: self.clone() })
    }

    /// Length of a state, in bytes.
    pub fn state_len(&self) -> usize {
        self.params.size_of_opaque_state as usize
    }

    /// The data pages, if this program may write them.
    pub fn data(&self) -> Option<&DataPages> {
        self.image.as_ref().map(|image| image.data())
    }
}

impl Thread {
    /// The function.
    pub fn function(&self) -> Getrandom {
        self.vdso.function
    }

    /// Address of the state.
    pub fn state(&self) -> *mut c_void {
        self.page.state()
    }

    /// Length of a state, in bytes.
    pub fn state_len(&self) -> usize {
        self.vdso.state_len()
    }
}

/// Maps the image for `level`, with a generator that is not ready yet.
///
/// # Errors
/// The processor or the object lacks that level, or the image cannot be mapped.
pub fn map_ours(products: &Path, level: Level) -> Result<NativeImage> {
    ensure!(level.is_usable(), "not on this processor");
    let path = products.join(IMAGE);
    let image = Image::read(&path).context("run `cargo xtask build-vdso`")?;
    let image = NativeImage::map(&image, &SHARED_PAGE)?;
    // An object without this level would use a narrower cipher, and the benchmark would name the wrong one.
    image.function(&generate_symbol(level)).context("the object has no cipher for it")?;
    Ok(image)
}

/// The symbol of the routine that makes whole groups of keystream.
pub fn generate_symbol(level: Level) -> String {
    format!("chacha20_generate_{}", level.suffix())
}

/// Asks a vDSO how to map its states.
fn probe(function: Getrandom) -> Result<VgetrandomOpaqueParams> {
    let mut params = MaybeUninit::<VgetrandomOpaqueParams>::zeroed();
    // SAFETY: the arguments of the size probe, with room for its answer.
    let returned = unsafe { function(NOWHERE, 0, 0, params.as_mut_ptr().cast(), usize::MAX) };
    // SAFETY: every bit pattern is valid for this structure.
    let params = unsafe { params.assume_init() };
    ensure!(returned == 0, "the size probe returned {returned}");
    let len = params.size_of_opaque_state;
    ensure!((1..=PAGE_SIZE as u32).contains(&len), "the size probe says that a state has {len} bytes");
    Ok(params)
}
