// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Shared parts of the tests.

pub mod handler;
pub mod landing;
pub mod path;
pub mod words;
