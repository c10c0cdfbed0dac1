// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Determines the layout, the expected exports and the original of an image from the image itself.

use crate::layout::{SHARED_PAGE, layout_of};
use crate::link::unsplice::{is_spliced, unsplice};
use crate::stages::LinkedImage;
use vdso_abi::exports::{EXPORTS, EXPORTS_WITHOUT_PROBE};
use vdso_elf::bounds;
use vdso_elf::error::Error;
use vdso_elf::image::Image;

/// `LINUX_VERSION_CODE` of the first kernel that has `MAP_DROPPABLE`: 6.11.
const MAP_DROPPABLE_SINCE: u32 = 6 << 16 | 11 << 8;

/// The function with the size probe.
const PROBED: &str = EXPORTS[2].name;

impl LinkedImage {
    /// Takes an image of unknown origin, with the expectations that follow from its contents.
    ///
    /// The layout is the one of the kernel that its version note or its symbols tell; without a note it is taken for our
    /// stand-alone image. A kernel older than `MAP_DROPPABLE` may leave out the size probe, and so may a splice into an image
    /// without it. A splice is held against the original that it restores.
    ///
    /// # Errors
    /// [`Error::Malformed`] where it cannot be read, [`Error::Refused`] where the kernel's layout is not known.
    pub fn found(image: Image) -> Result<Self, Error> {
        Self::found_beside(image, None)
    }

    /// The same, beside `debug`, the unstripped file of the same build, whose symbols tell the layout of an unknown
    /// kernel series.
    ///
    /// # Errors
    /// As for [`found`](Self::found), and [`Error::Refused`] where `debug` is of another build or has no symbols.
    pub fn found_beside(image: Image, debug: Option<&Image>) -> Result<Self, Error> {
        bounds::image(&image)?;
        let version = image.linux_version();
        let layout = if version.is_none() && debug.is_none() { SHARED_PAGE } else { layout_of(&image, debug)? };
        // A broken undo record is a finding of `image-untouched/undo`; then there is no original to compare with.
        let original = if is_spliced(&image)? { unsplice(&image).ok() } else { None };
        // The splice goes by what its original has, since newer kernels can be built without the function.
        let original_lacks_probe = match &original {
            Some(original) => !original.exports(PROBED)?,
            None => false,
        };
        let may_lack_probe = original_lacks_probe || version.is_some_and(|code| code < MAP_DROPPABLE_SINCE);
        let exports = if may_lack_probe && !image.exports(PROBED)? { EXPORTS_WITHOUT_PROBE } else { &EXPORTS };
        Ok(Self { image, layout, exports, original, object: None })
    }
}
