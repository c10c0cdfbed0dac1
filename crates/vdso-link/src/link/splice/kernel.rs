// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Determines the features of a kernel from its vDSO image.

use super::base::Base;
use vdso_abi::exports::{EXPORTS, EXPORTS_WITHOUT_PROBE, Export};
use vdso_elf::error::Error;

/// The export that no kernel has but by our object.
const OURS: &str = EXPORTS[0].name;
/// The export that a kernel with `MAP_DROPPABLE` already has.
const PROBED: &str = EXPORTS[2].name;

/// The exports of the object that the image must get.
///
/// A client that finds the function with the size probe maps its states with `MAP_DROPPABLE`. A kernel that knows the flag has
/// such a function in its image; one that does not must not be given it (contract E2).
///
/// # Errors
/// [`Error::Refused`] for an image that holds our code already, by a splice or by its kernel's own build.
pub(super) fn exports(base: &Base<'_>) -> Result<&'static [Export], Error> {
    if exports_name(base, OURS)? {
        let next = "take the image as it was before, by `cargo xtask unsplice`; where the kernel's own build put the \
                    object in, put the new one into its tree by `cargo xtask build-vdso --kernel`";
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
