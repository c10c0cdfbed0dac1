// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Bounded readers: the image as a process that has mapped it can read it, from `PT_LOAD` and `PT_DYNAMIC` alone.
//!
//! Every access is checked against the load segment, and every walk ends after as many steps as there are bytes to walk
//! over. Whether what they read is *right* is for the rules to say.

pub(super) mod dynamic;
pub(super) mod hash;
pub(super) mod memory;
pub(super) mod sections;
pub(super) mod symbols;
pub(super) mod unwind;
pub(super) mod versions;
