// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The kernel's own test of vDSO getrandom, for the guest: compiled unchanged.

use super::compiler::Compiler;
use super::source;
use super::tree::SELFTEST_SERIES;
use std::path::PathBuf;

/// What it is called, in the tree and in the guest.
pub const NAME: &str = "vdso_test_getrandom";

/// Flags of the test's own Makefile; what the kernel's sources make this compiler say is not ours to judge.
const FLAGS: [&str; 5] = ["-static", "-pthread", "-std=gnu99", "-D_GNU_SOURCE=", "-w"];

/// All of the tree that the test is made of.
const PATHS: [&str; 4] =
    ["tools/testing/selftests/vDSO", "tools/testing/selftests/kselftest.h", "tools/include", "include/uapi"];

/// Compiles it and returns its place.
///
/// # Errors
/// The source cannot be had, or the compiler does not take it.
pub fn compile(compiler: &Compiler) -> anyhow::Result<PathBuf> {
    let tree = source::part(SELFTEST_SERIES, &PATHS)?;
    let includes = ["tools/include", "include/uapi"].map(|folder| tree.join(folder).display().to_string());
    let mut flags = FLAGS.to_vec();
    flags.extend(includes.iter().flat_map(|folder| ["-isystem", folder]));
    let folder = tree.join("tools/testing/selftests/vDSO");
    compiler.compile(NAME, &[folder.join("vdso_test_getrandom.c"), folder.join("parse_vdso.c")], &flags)
}
