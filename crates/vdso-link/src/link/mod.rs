// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! From a checked object to an image: by a linker, or by the splice into a finished image.

pub mod advice;
pub mod splice;
pub mod standalone;
