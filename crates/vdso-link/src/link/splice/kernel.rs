// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What the finished image tells about its kernel.

use super::base::Base;
use crate::{DataPageLayout, Error, Image};
use vdso_abi::exports::{EXPORTS, EXPORTS_WITHOUT_PROBE, Export};

/// The export that no kernel has but by our object.
const OURS: &str = EXPORTS[0].name;
/// The export that a kernel with `MAP_DROPPABLE` has of its own.
const PROBED: &str = EXPORTS[2].name;

/// The layout of the kernel line that the image's own note names.
///
/// # Errors
/// [`Error::Refused`] for a line that nobody has looked at: a wrong guess would read random data from a wrong page.
pub(super) fn layout(image: &Image) -> Result<DataPageLayout, Error> {
    let refused = |what| Error::Refused {
        path: image.path().into(),
        what,
        next: "take the image of a kernel line in vdso_link::layout, or look up where this one keeps \
               vvar__vdso_rng_data and add it there"
            .into(),
    };
    let code = image.linux_version();
    let code = code.ok_or_else(|| refused("no note of owner Linux tells the version of the kernel".into()))?;
    DataPageLayout::of_version(code).copied().ok_or_else(|| {
        let version = format!("{}.{}.{}", code >> 16, code >> 8 & 0xff, code & 0xff);
        refused(format!("the image is of Linux {version}, whose data-page layout is not known"))
    })
}

/// What of ours the image is to export.
///
/// Whoever finds the function with the size probe maps its states with `MAP_DROPPABLE`. A kernel that knows the flag has
/// such a function in its image; one that does not must not be given it (contract E2).
///
/// # Errors
/// [`Error::Refused`] for an image that holds our code already, by a splice or by its kernel's own build.
pub(super) fn exports(base: &Base<'_>) -> Result<&'static [Export], Error> {
    if exports_name(base, OURS)? {
        let next = "splice into the image as it was before";
        return Err(base.memory.refused(format!("the image exports {OURS} already"), next));
    }
    Ok(if exports_name(base, PROBED)? { &EXPORTS } else { EXPORTS_WITHOUT_PROBE })
}

/// Whether the image has a symbol of this name.
fn exports_name(base: &Base<'_>, name: &str) -> Result<bool, Error> {
    for symbol in base.symbols {
        if base.name(symbol)? == name.as_bytes() {
            return Ok(true);
        }
    }
    Ok(false)
}
