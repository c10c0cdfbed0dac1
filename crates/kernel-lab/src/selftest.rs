// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The kernel's own test of vDSO getrandom, for the guest: compiled unchanged.

use super::compiler::Compiler;
use super::source;
use super::tree::SELFTEST_SERIES;
use std::path::PathBuf;

/// Its name in the tree and in the guest.
pub const NAME: &str = "vdso_test_getrandom";

/// Flags of the test's Makefile, without warnings: the kernel's sources are not ours to fix.
const FLAGS: [&str; 5] = ["-static", "-pthread", "-std=gnu99", "-D_GNU_SOURCE=", "-w"];

/// The parts of the tree that the test is built from.
const PATHS: [&str; 4] =
    ["tools/testing/selftests/vDSO", "tools/testing/selftests/kselftest.h", "tools/include", "include/uapi"];

/// Compiles it and returns its path.
///
/// # Errors
/// The source cannot be had, or the compiler does not take it.
pub fn compile(compiler: &Compiler) -> anyhow::Result<PathBuf> {
    let tree = source::part(SELFTEST_SERIES, &PATHS)?;
    let includes = ["tools/include", "include/uapi"].map(|directory| tree.join(directory).display().to_string());
    let mut flags = FLAGS.to_vec();
    flags.extend(includes.iter().flat_map(|directory| ["-isystem", directory]));
    let directory = tree.join("tools/testing/selftests/vDSO");
    compiler.compile(NAME, &[directory.join("vdso_test_getrandom.c"), directory.join("parse_vdso.c")], &flags)
}
