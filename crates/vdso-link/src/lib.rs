// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Check, link and splice, verify: from a relocatable object to a vDSO image that may be installed.
//!
//! Stages are types. [`Object`] becomes a [`CheckedObject`] by [`check()`], a [`LinkedImage`] by [`link`], and a
//! [`VerifiedImage`] by [`verify()`]; only a checked object can be linked, and whoever installs an image asks for a
//! verified one. A broken rule is data, a [`Finding`] in a [`Report`]; [`Error`] is kept for what could not be looked at.
#![forbid(unsafe_code)]

mod bounds;
pub mod check;
pub mod diff;
mod disassembly;
pub mod dump;
pub mod error;
pub mod excerpt;
pub mod file;
pub mod image;
pub mod layout;
pub mod link;
pub mod manifest;
pub mod object_file;
mod printable;
mod read;
pub mod report;
pub mod rule;
pub mod verify;
pub mod vmlinux;

pub use check::check;
pub use diff::diff;
pub use dump::dump;
pub use error::Error;
pub use image::{Image, LinkedImage, VerifiedImage};
pub use layout::DataPageLayout;
pub use object_file::{CheckedObject, Object};
pub use report::Report;
pub use rule::{Examination, Finding, Place, Rule};
pub use verify::verify;
