// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Adds the object to a finished vDSO image, of which nothing old moves.
//!
//! Text, alternatives, notes and version definitions of the image stay byte for byte. Tables that must grow are written
//! anew behind the object, and what pointed to the old ones is re-pointed.

mod base;
mod eh_frame;
mod hash;
mod headers;
mod kernel;
mod memory;
mod place;
mod plan;
mod sections;
mod symbols;
mod write;

use crate::{CheckedObject, Error, Image, LinkedImage};
use base::Base;
use eh_frame::Frames;
use place::Placed;
use plan::Plan;
use sections::Sections;
use symbols::Symbols;

/// All that the new image is made of.
struct Parts<'a> {
    base: &'a Base<'a>,
    placed: &'a Placed,
    symbols: &'a Symbols<'a>,
    frames: &'a Frames,
    /// Where the image has its unwind records.
    eh_frame: u64,
    sections: &'a Sections<'a>,
}

/// Splices `object` into `image`, for the data-page layout of the kernel that the image's own version note names.
///
/// The exports of the object are added; where the image has one of the same name and version (`__vdso_getrandom` of Linux
/// 6.11 and newer), its symbol is re-pointed to ours. Equal inputs give equal bytes.
///
/// # Errors
/// [`Error::Malformed`] for an image that is cut short or inconsistent. [`Error::Refused`] for one that is spliced already,
/// of a kernel line whose layout is not known, or not built as the kernel builds its vDSOs.
pub fn splice(object: &CheckedObject, image: Image) -> Result<LinkedImage, Error> {
    let base = Base::read(&image)?;
    let layout = kernel::layout(&image)?;
    let exports = kernel::exports(&base)?;
    let sections = Sections::read(&base, image.data())?;
    let placed = place::place(object.object(), base.memory.end().next_multiple_of(place::ALIGN), &layout, exports)?;
    let symbols = Symbols::merge(&base, &placed, sections.text)?;
    let (eh_frame, frames) = base.frames()?;
    let frames = frames.join(&placed.frames);

    let parts =
        Parts { base: &base, placed: &placed, symbols: &symbols, frames: &frames, eh_frame, sections: &sections };
    let plan = Plan::new(&parts)?;
    let data = write::write(&parts, &plan);
    let name = format!("{} (spliced)", image.path().display());
    let spliced = Image::from_bytes(name.as_ref(), data)?;
    Ok(LinkedImage { image: spliced, layout, exports, original: Some(image) })
}
