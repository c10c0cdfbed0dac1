// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The source of the image that a command reads: a file, a kernel, or the memory of this process.

use anyhow::Context;
use clap::Args;
use std::path::PathBuf;
use vdso_link::{Image, vmlinux};
use vdso_native::RunningImage;

/// One image.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct ImageSource {
    /// Image file: vdso64.so or vdso64.so.dbg
    file: Option<PathBuf>,
    /// Use the running kernel's image, as mapped into this process
    #[arg(long)]
    pub running: bool,
    /// Use the image inside this kernel (vmlinux); the kernel is only read
    #[arg(long, value_name = "FILE")]
    vmlinux: Option<PathBuf>,
}

impl ImageSource {
    /// Reads the image.
    ///
    /// # Errors
    /// It cannot be read, or does not exist.
    pub fn image(&self) -> anyhow::Result<Image> {
        match (&self.file, &self.vmlinux) {
            (Some(path), _) => Ok(Image::read(path)?),
            (_, Some(path)) => Ok(vmlinux::image_in(path)?),
            _ => RunningImage::image().context("the running kernel's image cannot be used"),
        }
    }
}
