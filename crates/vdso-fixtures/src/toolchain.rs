// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The compiler and the linker that the fixtures are made with.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Returns the compiler that cargo uses for this build.
pub(crate) fn rustc() -> OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// Returns the path of the linker that came with the compiler.
///
/// # Panics
/// If the compiler does not start.
pub fn rust_lld() -> PathBuf {
    let libdir = run(Command::new(rustc()).args(["--print", "target-libdir"])).stdout;
    Path::new(String::from_utf8(libdir).expect("the path is UTF-8").trim()).join("../bin/rust-lld")
}

/// Returns the path of the linker script of the stand-alone image.
pub fn standalone_script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../linker/vdso.lds")
}

/// Runs a command to its end.
///
/// # Panics
/// If it does not start, or fails.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}
