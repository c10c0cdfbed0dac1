// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The kernel laboratory: fetches a kernel's source, prepares its tree, builds it, boots it, and checks its report.
//!
//! [`progress`] prints and [`process`] starts programs, here and for the commands of `xtask`.

// `println!` panics where the reader of the output has gone, `progress` does not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod boot;
mod builds;
mod client_table;
mod clients;
mod compiler;
mod console;
pub mod debian;
pub mod digest;
mod git;
mod glue;
mod golang;
mod guest;
mod hunk;
mod initramfs;
mod ktap;
mod make;
pub mod outcome;
pub mod packages;
mod patch;
mod plan;
pub mod prepare;
pub mod process;
pub mod progress;
mod qemu;
mod qmp;
mod record;
pub mod selection;
mod selftest;
#[cfg(test)]
mod snapshot;
mod source;
pub mod stages;
pub mod stock_vdso;
pub mod suite;
pub mod test_kernel;
pub mod transaction;
pub mod tree;
mod variants;
mod verifier_hook;
mod vm_fork;
pub mod workspace;

use std::path::PathBuf;

/// Where everything that is built for or from a kernel goes.
fn target() -> PathBuf {
    workspace::target().join("kernel")
}
