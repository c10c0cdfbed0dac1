// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A vDSO image: as found, as linked, and as verified.

use crate::file::read_whole;
use crate::layout::{SHARED_PAGE, layout_of};
use crate::link::unsplice::{is_spliced, unsplice};
use crate::object_file::{ElfFile, parse};
use crate::read::notes::linux_version;
use crate::{DataPageLayout, Error, Object, Report, bounds};
use object::{Object as _, ObjectSymbol as _};
use std::path::{Path, PathBuf};
use vdso_abi::exports::{EXPORTS, EXPORTS_WITHOUT_PROBE, Export};

/// `LINUX_VERSION_CODE` of the first kernel that has `MAP_DROPPABLE`: 6.11.
const MAP_DROPPABLE_SINCE: u32 = 6 << 16 | 11 << 8;

/// The function with the size probe.
const PROBED: &str = EXPORTS[2].name;

/// A finished vDSO image as read from a file or from memory.
#[derive(Clone, Debug)]
pub struct Image {
    path: PathBuf,
    data: Vec<u8>,
}

/// An image that our linker stage or our splice made, not verified yet.
#[derive(Debug)]
pub struct LinkedImage {
    /// The bytes as they were written.
    pub image: Image,
    /// Where its kernel keeps the shared data.
    pub layout: DataPageLayout,
    /// What of ours it must export: [`EXPORTS`](vdso_abi::exports::EXPORTS) for an image that we made,
    /// [`EXPORTS_WITHOUT_PROBE`](vdso_abi::exports::EXPORTS_WITHOUT_PROBE) for a splice into the image of a kernel without `MAP_DROPPABLE`.
    pub exports: &'static [Export],
    /// For a splice the image that it was made from, of which nothing may be lost.
    pub original: Option<Image>,
    /// The object whose code it must hold; none for an image that somebody else may have made.
    pub object: Option<Object>,
}

/// An image that kept every rule. Only [`verify()`](crate::verify()) makes one.
#[derive(Debug)]
pub struct VerifiedImage {
    linked: LinkedImage,
    report: Report,
}

impl Image {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be read, [`Error::Malformed`] where it is no ELF64 little-endian file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::from_bytes(path, read_whole(path)?)
    }

    /// Takes the bytes of an image; `path` is its name in messages.
    ///
    /// # Errors
    /// [`Error::Malformed`] where they are no ELF64 little-endian file.
    pub fn from_bytes(path: &Path, data: Vec<u8>) -> Result<Self, Error> {
        parse(path, &data)?;
        Ok(Self { path: path.into(), data })
    }

    /// The name of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes of the image.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The parsed image.
    ///
    /// # Errors
    /// [`Error::Malformed`], which [`from_bytes`](Self::from_bytes) has ruled out already.
    pub fn elf(&self) -> Result<ElfFile<'_>, Error> {
        parse(&self.path, &self.data)
    }

    /// Whether the dynamic symbol table has a definition of `name`.
    fn exports(&self, name: &str) -> Result<bool, Error> {
        let elf = self.elf()?;
        Ok(elf.dynamic_symbols().any(|symbol| symbol.is_definition() && symbol.name() == Ok(name)))
    }

    /// `LINUX_VERSION_CODE` of the kernel that the image was built with, where a note of it says so.
    pub fn linux_version(&self) -> Option<u32> {
        linux_version(&self.elf().ok()?)
    }
}

impl LinkedImage {
    /// An image that somebody else may have made, with what can be told of it.
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

    /// The same, beside `debug`, the unstripped file of the same build, whose symbols tell the layout of a kernel that
    /// nobody has looked at.
    ///
    /// # Errors
    /// As for [`found`](Self::found), and [`Error::Refused`] where `debug` is of another build or has no symbols.
    pub fn found_beside(image: Image, debug: Option<&Image>) -> Result<Self, Error> {
        bounds::image(&image)?;
        let version = image.linux_version();
        let layout = if version.is_none() && debug.is_none() { SHARED_PAGE } else { layout_of(&image, debug)? };
        // Where the way back is broken a rule says so, and nothing is left to compare with.
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

impl VerifiedImage {
    /// Binds an image to the report that lets it pass.
    pub(crate) fn new(linked: LinkedImage, report: Report) -> Self {
        debug_assert!(report.passed());
        Self { linked, report }
    }

    /// The image itself.
    pub fn image(&self) -> &Image {
        &self.linked.image
    }

    /// For a splice the image that it was made from.
    pub fn original(&self) -> Option<&Image> {
        self.linked.original.as_ref()
    }

    /// Where its kernel keeps the shared data.
    pub fn layout(&self) -> &DataPageLayout {
        &self.linked.layout
    }

    /// What of ours it exports.
    pub fn exports(&self) -> &'static [Export] {
        self.linked.exports
    }

    /// What was looked at.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The image with what was known of it before.
    pub fn into_linked(self) -> LinkedImage {
        self.linked
    }

    /// What was looked at, for whoever wants nothing else.
    pub fn into_report(self) -> Report {
        self.report
    }
}
