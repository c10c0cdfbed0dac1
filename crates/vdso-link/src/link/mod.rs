// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! From a checked object to an image: by a linker, or by the splice into a finished image, which can be undone.

pub mod advice;
mod delta;
pub mod splice;
pub mod standalone;
pub mod unsplice;
