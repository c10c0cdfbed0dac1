// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Bounded readers: the image as a process that has mapped it can read it, from `PT_LOAD` and `PT_DYNAMIC` alone.
//!
//! Every access is checked against the load segment, and every walk ends after as many steps as there are bytes to walk
//! over. Whether what they read is *right* is for the rules to say.

pub(crate) mod alternatives;
pub(crate) mod dynamic;
pub(crate) mod hash;
pub(crate) mod memory;
pub(crate) mod notes;
pub(crate) mod references;
pub(crate) mod sections;
pub(crate) mod symbols;
pub(crate) mod unwind;
pub(crate) mod versions;
