// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The kernel side: preparing a tree, building it, booting it.

pub mod boot;
mod builds;
mod clients;
pub mod compiler;
mod console;
mod glue;
mod golang;
mod guest;
mod initramfs;
mod make;
mod outcome;
mod patch;
mod plan;
pub mod prepare;
mod qemu;
mod qmp;
mod record;
pub mod selection;
mod selftest;
mod source;
pub mod stock_vdso;
mod suite;
mod test_kernel;
pub mod tree;
mod variants;
mod verifier_hook;
mod vm_fork;

use crate::workspace;
use std::path::PathBuf;

/// Where everything that is built for or from a kernel goes.
fn target() -> PathBuf {
    workspace::target().join("kernel")
}
