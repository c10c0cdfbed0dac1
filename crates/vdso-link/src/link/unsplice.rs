// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Undoes a splice: the image as it was, to the byte.
//!
//! A splice ends with a section that says how. It holds the SHA-256 digest of the original, its length in bytes as a 32-bit
//! little-endian number, and the original told as a difference from all that stands before the section.

use super::delta;
use object::{Object as _, ObjectSection as _};
use sha2::{Digest as _, Sha256};
use std::ops::Range;
use vdso_abi::PAGE_SIZE;
use vdso_elf::bounds;
use vdso_elf::error::Error;
use vdso_elf::image::Image;

/// The name of the section. It is not mapped.
pub const RECORD: &str = ".vgetrandom.original";

/// Size of a digest, in bytes.
const DIGEST: usize = 32;

/// Maximum length of an original beyond its splice, in bytes: the undo record omits the zeros that fill the last page. The
/// bound keeps a wrong length from turning a small file into a large one.
pub(super) const PADDING: usize = PAGE_SIZE;

/// The undo record for an image that was spliced into `spliced`, the file up to the section; `moved` says which
/// ranges of the original are at which offset there.
pub(super) fn record(original: &[u8], spliced: &[u8], moved: Vec<(Range<usize>, usize)>) -> Vec<u8> {
    let mut record = Sha256::digest(original).to_vec();
    record.extend((original.len() as u32).to_le_bytes());
    record.extend(delta::encode(original, spliced, moved));
    record
}

/// Whether the image has an undo record.
///
/// # Errors
/// [`Error::Malformed`] where its headers cannot be read.
pub fn is_spliced(image: &Image) -> Result<bool, Error> {
    bounds::image(image)?;
    Ok(image.elf()?.section_by_name(RECORD).is_some())
}

/// The image that a splice was made from.
///
/// # Errors
/// [`Error::Refused`] for an image without the section: one that was not spliced, or whose unmapped sections are lost because
/// it was read from a process or stripped. [`Error::Malformed`] where what the section says does not lead to the original,
/// because the file was changed since.
pub fn unsplice(image: &Image) -> Result<Image, Error> {
    bounds::image(image)?;
    let elf = image.elf()?;
    let Some(section) = elf.section_by_name(RECORD) else {
        return Err(Error::Refused {
            path: image.path().into(),
            what: format!("it has no section {RECORD}, in which a splice writes the undo record"),
            next: "name the file as the splice wrote it: in memory and after strip the section is gone".into(),
        });
    };
    let malformed = |what: String| Error::Malformed {
        path: image.path().into(),
        offset: section.file_range().map_or(0, |(offset, _)| offset),
        what: format!("section {RECORD}: {what}"),
        wanted: "the file as the splice wrote it; it was changed since, and the original cannot be had from it".into(),
    };
    let record = section.data().map_err(|error| malformed(error.to_string()))?;
    let parts = record.split_first_chunk::<DIGEST>();
    let parts = parts.and_then(|(digest, rest)| Some((digest, rest.split_first_chunk()?)));
    let (digest, (length, delta)) = parts.ok_or_else(|| malformed("it is cut short".into()))?;
    let length = u32::from_le_bytes(*length);
    if length as usize > image.data().len().saturating_add(PADDING) {
        return Err(malformed(format!("an original of {length} bytes")));
    }
    // The steps may refer to what stands before the section only, as when they were made.
    let start = section.file_range().map_or(0, |(offset, _)| offset as usize);
    let spliced = image.data().get(..start).unwrap_or_default();
    let original = delta::decode(delta, spliced, length as usize).map_err(malformed)?;
    if Sha256::digest(&original).as_slice() != digest {
        return Err(malformed("what it restores has another digest than the original had".into()));
    }
    let name = format!("{} (unspliced)", image.path().display());
    Image::from_bytes(name.as_ref(), original)
}
