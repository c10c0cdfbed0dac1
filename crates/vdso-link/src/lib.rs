// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Check, link and splice, verify: from a relocatable object to a vDSO image that may be installed.
//!
//! Stages are types. [`Object`] becomes a [`CheckedObject`] by [`check()`], a [`LinkedImage`] by [`link`], and a
//! [`VerifiedImage`] by [`verify()`]; only a checked object can be linked, and only a verified image should be installed.
//! A violation is a [`Finding`] in a [`Report`]; an [`Error`] means that the file could not be checked. `vdso-elf` reads the
//! ELF bytes; this crate has the rules and the writers.
#![forbid(unsafe_code)]

pub mod check;
pub mod diff;
pub mod dump;
mod found;
pub mod layout;
pub mod link;
pub mod manifest;
pub mod report;
pub mod rule;
pub mod stages;
pub mod verify;

pub use check::check;
pub use diff::diff;
pub use dump::dump;
pub use layout::DataPageLayout;
pub use report::Report;
pub use rule::{Examination, Finding, Rule};
pub use stages::{CheckedObject, LinkedImage, VerifiedImage};
pub use vdso_elf::{Error, Image, Object, Place, parser as object_file, vmlinux};
pub use verify::verify;
