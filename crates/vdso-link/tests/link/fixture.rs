// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Objects assembled by `rustc` and images linked by the `rust-lld` beside it: no other tool is needed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use vdso_link::{CheckedObject, Object};

/// The four exports and a hidden helper, with every kind of reference that the object rules allow.
pub const EXPORTS: &str = include_str!("exports.s");

/// The script of the stand-alone image.
pub fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../linker/vdso.lds")
}

/// Assembles AT&T source into `folder/NAME.o`.
pub fn assemble(folder: &Path, name: &str, source: &str) -> PathBuf {
    let rust = folder.join(format!("{name}.rs"));
    let object = folder.join(format!("{name}.o"));
    let text = format!("#![no_std]\ncore::arch::global_asm!(r#\"{source}\"#, options(att_syntax));\n");
    std::fs::write(&rust, text).unwrap();
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()));
    rustc.args(["--edition=2024", "--crate-type=lib", "-Cpanic=abort", "-Cdebuginfo=0"]);
    // The compiler puts its intermediate files into the current folder, under names made of the crate's.
    rustc.current_dir(folder);
    run(rustc.arg(format!("--emit=obj={}", object.display())).arg(&rust));
    object
}

/// The object after the check.
pub fn checked(path: &Path) -> CheckedObject {
    vdso_link::check(Object::read(path).unwrap()).unwrap().unwrap_or_else(|report| panic!("{report}"))
}

/// The linker that came with the compiler.
pub fn rust_lld() -> PathBuf {
    let rustc = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let libdir = run(Command::new(rustc).args(["--print", "target-libdir"])).stdout;
    Path::new(String::from_utf8(libdir).unwrap().trim()).join("../bin/rust-lld")
}

/// Runs a command to its end and demands that it went well.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}
