// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Adds the object to a finished vDSO image, of which nothing old moves.
//!
//! Text, alternatives, notes and version definitions of the image stay byte for byte. Tables that must grow are written
//! anew after the object, and the references to the old tables are re-pointed. The last section is the undo record.

mod base;
mod debug_symbols;
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

use crate::layout::layout_of;
use crate::link::unsplice::{PADDING, RECORD, is_spliced};
use crate::{CheckedObject, DataPageLayout, LinkedImage};
use base::Base;
use eh_frame::Frames;
use place::Placed;
use plan::Plan;
use sections::Sections;
use symbols::Symbols;
use vdso_abi::exports::Export;
use vdso_elf::bounds;
use vdso_elf::error::Error;
use vdso_elf::image::Image;

/// All that the new image is made of.
struct Parts<'a> {
    base: &'a Base<'a>,
    placed: &'a Placed,
    symbols: &'a Symbols<'a>,
    frames: &'a Frames,
    /// Where the image has its unwind records.
    eh_frame: u64,
    sections: &'a Sections,
}

/// Splices `object` into `image`, for the data-page layout that its version note or its symbols tell.
///
/// The exports of the object are added; where the image has one of the same name and version (`__vdso_getrandom` of Linux
/// 6.11 and newer), its symbol is re-pointed to ours. Equal inputs give equal bytes.
///
/// # Errors
/// [`Error::Malformed`] for an image that is cut short or inconsistent. [`Error::Refused`] for one that is spliced already,
/// of a kernel series whose layout is not known, or not built as the kernel builds its vDSOs.
pub fn splice(object: &CheckedObject, image: Image) -> Result<LinkedImage, Error> {
    let layout = layout_of(&image, None)?;
    splice_for(object, image, layout)
}

/// Splices with a layout that [`layout_of`] has told, where that takes more than the image itself.
///
/// # Errors
/// As for [`splice`].
pub fn splice_for(object: &CheckedObject, image: Image, layout: DataPageLayout) -> Result<LinkedImage, Error> {
    let (base, exports) = base_of(&image)?;
    let mut sections = Sections::read(&base, image.data())?;
    let placed = place::place(object.object(), base.memory.end().next_multiple_of(place::ALIGN), &layout, exports)?;
    debug_symbols::add(&base, &mut sections, &placed, &layout)?;
    let symbols = Symbols::merge(&base, &placed, sections.text)?;
    let (eh_frame, frames) = base.frames()?;
    let frames = frames.join(&placed.frames);

    let parts =
        Parts { base: &base, placed: &placed, symbols: &symbols, frames: &frames, eh_frame, sections: &sections };
    let plan = Plan::new(&parts)?;
    let data = write::write(&parts, &plan, image.data());
    if image.data().len() > data.len().saturating_add(PADDING) {
        let what = format!("its last {} bytes are zeros that belong to nothing", image.data().len() - data.len());
        return Err(base.memory.refused(what, "take the image without them, or padded to a whole page"));
    }
    let name = format!("{} (spliced)", image.path().display());
    let spliced = Image::from_bytes(name.as_ref(), data)?;
    // The additions can exceed a bound that the original meets; then no command could undo the splice.
    bounds::image(&spliced)?;
    let object = Some(object.object().clone());
    Ok(LinkedImage { image: spliced, layout, exports, original: Some(image), object })
}

/// Checks an image as far as that takes no object: for callers who build the object afterwards.
///
/// # Errors
/// As for [`splice`].
pub fn require(image: &Image) -> Result<(), Error> {
    let (base, _) = base_of(image)?;
    Sections::read(&base, image.data())?;
    base.frames()?;
    Ok(())
}

/// The image as a base, and the exports of ours that it is to have.
fn base_of(image: &Image) -> Result<(Base<'_>, &'static [Export]), Error> {
    bounds::image(image)?;
    let base = Base::read(image)?;
    // The symbols that say so may be lost; a second undo record would hide the first.
    if is_spliced(image)? {
        return Err(base.memory.refused(
            format!("it has a section {RECORD} already, of an earlier splice"),
            "take the image as it was before, by `cargo xtask unsplice`",
        ));
    }
    let exports = kernel::exports(&base)?;
    Ok((base, exports))
}
