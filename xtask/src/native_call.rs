// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Calls a verified image in this process, with separate data pages.

use anyhow::ensure;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use serde::Serialize;
use std::fmt;
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use vdso_abi::PAGE_SIZE;
use vdso_abi::flags::{STATE_MMAP_FLAGS, STATE_MMAP_PROT};
use vdso_abi::state::{STATE_LEN, VgetrandomOpaqueParams};
use vdso_link::VerifiedImage;
use vdso_native::{CpuLevel, NativeImage, cpu_levels};

/// Any valid one; the kernel begins with 2.
const GENERATION: u64 = 2;

/// How many bytes each call draws.
const LEN: usize = 16;

/// The outcome of one call of one export.
#[derive(Debug, Serialize)]
pub struct Call {
    /// The file name of the image.
    pub image: &'static str,
    /// The export.
    pub export: &'static str,
    /// The cipher that the data page allowed.
    pub cipher: &'static str,
    /// The generation that the data page showed.
    pub generation: u64,
    /// The output in hexadecimal digits; it is only printed.
    pub bytes: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {} (generation {}, {})", self.image, self.export, self.bytes, self.generation, self.cipher)
    }
}

/// The functions that fill a buffer; the second answers the size probe as well.
const DRAWING: [&str; 2] = ["__vdso_vgetrandom", PROBED];
const PROBED: &str = "__vdso_getrandom";

/// Probes the size of a state, then draws through each export with each cipher that this processor has. `name` is the
/// file name of the image. Exports that the kernel of an image must not have are not called.
///
/// # Errors
/// The image cannot be mapped, or one of its answers violates the contract.
pub fn call(name: &'static str, image: &VerifiedImage) -> anyhow::Result<Vec<Call>> {
    let native = NativeImage::map(image.image(), image.layout())?;
    native.data().set_generation(GENERATION);
    native.data().set_ready(true);
    let exported = |name: &&str| image.exports().iter().any(|export| export.name == *name);
    let drawing: Vec<_> = DRAWING.into_iter().filter(exported).collect();
    if drawing.contains(&PROBED) {
        probe(&native)?;
    }
    let mut calls = Vec::new();
    for CpuLevel { simd, name: cipher, .. } in cpu_levels() {
        native.data().set_simd(simd);
        for &export in &drawing {
            let bytes = draw(&native, export)?;
            ensure!(bytes != [0; LEN], "{export} with {cipher}: the buffer is unchanged");
            calls.push(Call { image: name, export, cipher, generation: GENERATION, bytes: hex(&bytes) });
        }
    }
    Ok(calls)
}

/// Compares the size probe's answer with the facts from which the C header is made.
fn probe(native: &NativeImage) -> anyhow::Result<()> {
    let mut params = MaybeUninit::<VgetrandomOpaqueParams>::zeroed();
    // SAFETY: the arguments of the probe, with room for its answer.
    let result = unsafe { native.getrandom(null_mut(), 0, 0, params.as_mut_ptr().cast(), usize::MAX) }?;
    // SAFETY: zeros are valid, and so are the numbers that the probe wrote over them.
    let params = unsafe { params.assume_init() };
    ensure!(
        result == 0
            && params.size_of_opaque_state as usize == STATE_LEN
            && params.mmap_prot == STATE_MMAP_PROT
            && params.mmap_flags == STATE_MMAP_FLAGS
            && params.reserved == [0; 13],
        "the size probe's answer differs from crates/vdso-abi"
    );
    Ok(())
}

/// Draws once through one export, with a fresh state on a separate page.
fn draw(native: &NativeImage, export: &str) -> anyhow::Result<[u8; LEN]> {
    let mut bytes = [0; LEN];
    // SAFETY: a new mapping anywhere.
    let state =
        unsafe { mmap_anonymous(null_mut(), PAGE_SIZE, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE) }?;
    // SAFETY: buffer and state have the sizes that are passed, and no other code uses them.
    let result = unsafe {
        match export {
            "__vdso_vgetrandom" => native.vgetrandom(bytes.as_mut_ptr(), LEN, 0, state),
            _ => native.getrandom(bytes.as_mut_ptr(), LEN, 0, state, STATE_LEN),
        }
    };
    // SAFETY: unmaps the mapping made above, which is no longer referenced; it held a key.
    unsafe { munmap(state, PAGE_SIZE) }?;
    let result = result?;
    ensure!(result == LEN as isize, "{export} returned {result} instead of {LEN}");
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
