// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The cipher routines of the object alone, which bound the speed of the functions that use them.

use super::vdso::{generate_symbol, map_ours};
use super::{Generator, Level};
use anyhow::Result;
use rand_010::Rng;
use std::ffi::c_void;
use std::path::Path;
use std::ptr::NonNull;
use vdso_abi::state::{BATCH_LEN, GROUP_BLOCKS, GROUP_LEN, KEY_LEN, VgetrandomState};
use vdso_native::NativeImage;

/// The type of `chacha20_generate_*`: output, state, counter of the first block, groups of blocks.
type Generate = unsafe extern "sysv64" fn(*mut u8, *mut VgetrandomState, u64, usize);

/// A cipher routine with its key.
pub struct Keystream {
    generate: Generate,
    state: Box<VgetrandomState>,
    /// Counter of the next block.
    counter: u64,
    /// The mapping that holds `generate`.
    _image: NativeImage,
}

impl Keystream {
    /// Finds the routine of a level by its symbol.
    ///
    /// # Errors
    /// The processor or the object lacks that level.
    pub fn find(products: &Path, level: Level) -> Result<Self> {
        let image = map_ours(products, level)?;
        let routine = image.function(&generate_symbol(level))?;
        // SAFETY: a routine of this name has this type (`crates/vdso-getrandom/src/arch/x86_64/chacha20`).
        let generate = unsafe { std::mem::transmute::<NonNull<c_void>, Generate>(routine) };
        let mut key = [0; KEY_LEN];
        rand_010::rng().fill_bytes(&mut key);
        let state = Box::new(VgetrandomState { key, batch: [0; BATCH_LEN], word: 0, remaining: 0, reserved: 0 });
        Ok(Self { generate, state, counter: 0, _image: image })
    }
}

impl Generator for Keystream {
    /// `bytes` is a whole number of groups.
    #[inline(always)]
    fn fill(&mut self, bytes: &mut [u8]) -> bool {
        let groups = bytes.len() / GROUP_LEN;
        // SAFETY: the slice has room for that many groups, and the processor has the instructions.
        unsafe { (self.generate)(bytes.as_mut_ptr(), &raw mut *self.state, self.counter, groups) };
        self.counter += (groups * GROUP_BLOCKS) as u64;
        true
    }
}
