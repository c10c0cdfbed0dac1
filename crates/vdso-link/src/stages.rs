// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The stages as types: a checked object, a linked image, a verified image.

use crate::layout::DataPageLayout;
use crate::report::Report;
use vdso_abi::exports::Export;
use vdso_elf::image::Image;
use vdso_elf::object::Object;

/// An object that kept every rule. Only [`check()`](crate::check()) makes one.
#[derive(Debug)]
pub struct CheckedObject {
    object: Object,
    report: Report,
}

/// An image that our linker stage or our splice made, not verified yet.
#[derive(Debug)]
pub struct LinkedImage {
    /// The bytes as they were written.
    pub image: Image,
    /// Where its kernel keeps the shared data.
    pub layout: DataPageLayout,
    /// The exports of the object that it must have: [`EXPORTS`](vdso_abi::exports::EXPORTS) for an image that we made,
    /// [`EXPORTS_WITHOUT_PROBE`](vdso_abi::exports::EXPORTS_WITHOUT_PROBE) for a splice into the image of a kernel without `MAP_DROPPABLE`.
    pub exports: &'static [Export],
    /// For a splice the image that it was made from, of which nothing may be lost.
    pub original: Option<Image>,
    /// The object whose code it must hold; none for an image of unknown origin.
    pub object: Option<Object>,
}

/// An image that kept every rule. Only [`verify()`](crate::verify()) makes one.
#[derive(Debug)]
pub struct VerifiedImage {
    linked: LinkedImage,
    report: Report,
}

impl CheckedObject {
    /// Binds an object to the report that lets it pass.
    pub(crate) fn new(object: Object, report: Report) -> Self {
        debug_assert!(report.passed());
        Self { object, report }
    }

    /// The object itself.
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// The report of the check.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Returns the report alone.
    pub fn into_report(self) -> Report {
        self.report
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

    /// The exports of the object that it has.
    pub fn exports(&self) -> &'static [Export] {
        self.linked.exports
    }

    /// The report of the check.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The image with what was known of it before.
    pub fn into_linked(self) -> LinkedImage {
        self.linked
    }

    /// Returns the report alone.
    pub fn into_report(self) -> Report {
        self.report
    }
}
