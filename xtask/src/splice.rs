// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask splice` and `unsplice`: add the object to an existing image, and restore the original.

use crate::image_source::ImageSource;
use crate::{build_vdso, inspect, native_call, outputs};
use anyhow::{Context, anyhow};
use clap::Args;
use kernel_lab::progress::line;
use kernel_lab::transaction::{self, Step};
use kernel_lab::workspace;
use std::path::{Path, PathBuf};
use vdso_link::Image;
use vdso_link::layout::layout_of;
use vdso_link::link::splice::{self, splice_for};
use vdso_link::link::unsplice::unsplice;
use vdso_native::RunningImage;

/// Options of `cargo xtask splice`.
#[derive(Debug, Args)]
pub struct SpliceArgs {
    #[command(flatten)]
    source: ImageSource,
    /// Read the kernel's data layout from this unstripped file of the same build
    #[arg(long, value_name = "FILE")]
    dbg: Option<PathBuf>,
    /// Write the spliced image to this file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Options of `cargo xtask unsplice`.
#[derive(Debug, Args)]
pub struct UnspliceArgs {
    /// Image that `splice` wrote
    file: PathBuf,
    /// Write the original image to this file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Builds the object and splices it into an image. The result is written only after it was verified and called.
///
/// # Errors
/// The image is refused, breaks a rule, or does not answer when it is called.
pub fn run(options: &SpliceArgs) -> anyhow::Result<()> {
    outputs::file(&options.out)?;
    let image = options.source.image()?;
    let debug = options.dbg.as_deref().map(Image::read).transpose()?;
    let layout = layout_of(&image, debug.as_ref())?;
    if options.source.running && debug.is_none() {
        // The data pages that the kernel shows here must be those of the layout.
        RunningImage::find().context("the running kernel's image cannot be used")?;
    }
    splice::require(&image)?;
    let object = build_vdso::check(build_vdso::build_object()?)?;
    let name = workspace::shown(image.path());
    let spliced = splice_for(&object, image, layout)?;
    line("Spliced", format!("{name}, for {}", layout.name));
    let verified = inspect::verify(spliced)?;
    line("Verified", inspect::examined(verified.report()));
    for call in native_call::call("spliced", &verified)? {
        line("Called", call);
    }
    write(&options.out, verified.image())
}

/// Writes the image that a splice was made from.
///
/// # Errors
/// The file is not a splice, or was changed since.
pub fn undo(options: &UnspliceArgs) -> anyhow::Result<()> {
    outputs::file(&options.out)?;
    let original = unsplice(&Image::read(&options.file)?)?;
    line("Restored", format!("{} bytes with the digest that the splice recorded", original.data().len()));
    write(&options.out, &original)
}

fn write(out: &Path, image: &Image) -> anyhow::Result<()> {
    let name = out.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| anyhow!("{}: not a file name; name a file", out.display()))?;
    let directory = out.parent().filter(|directory| *directory != "").unwrap_or(Path::new("."));
    transaction::commit(directory, &[Step::Write(name.into(), image.data().into())])?;
    line("Finished", workspace::shown(out));
    Ok(())
}
