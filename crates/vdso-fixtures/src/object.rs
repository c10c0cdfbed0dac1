// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Objects, assembled or compiled from source.

use crate::toolchain::{run, rustc};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use vdso_link::{CheckedObject, Error, Object, Report, check};

/// The source of an object that keeps every object rule.
pub const GOOD: &str = include_str!("good.s");

/// Returns the object of [`GOOD`], after its check. It is in no file.
///
/// # Panics
/// If the source cannot be assembled, or breaks a rule.
pub fn good() -> &'static CheckedObject {
    static OBJECT: LazyLock<CheckedObject> = LazyLock::new(|| {
        verdict(assemble(GOOD)).expect("a readable object").unwrap_or_else(|report| panic!("{report}"))
    });
    &OBJECT
}

/// Assembles AT&T source and returns the bytes of the object.
///
/// # Panics
/// If the source cannot be assembled.
pub fn assemble(source: &str) -> Vec<u8> {
    compile(&assembly(source), &[])
}

/// Assembles AT&T source into `directory/NAME.o`, and returns that path.
///
/// # Panics
/// If the source cannot be assembled.
pub fn assemble_to(directory: &Path, name: &str, source: &str) -> PathBuf {
    compile_to(directory, name, &assembly(source), &[])
}

/// Compiles a `no_std` Rust source with the options of the real object and further `-C` options, and returns the bytes of
/// the object.
///
/// # Panics
/// If the source cannot be compiled.
pub fn compile(source: &str, options: &[&str]) -> Vec<u8> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::read(compile_to(directory.path(), "fixture", source, options)).expect("rustc wrote the object")
}

/// Reads an object and applies the object rules.
///
/// # Panics
/// If it cannot be read, or breaks a rule.
pub fn checked(path: &Path) -> CheckedObject {
    check(Object::read(path).expect("a readable object")).unwrap().unwrap_or_else(|report| panic!("{report}"))
}

/// Returns the verdict of the object rules on an object of these bytes.
///
/// # Errors
/// The object is malformed.
pub fn verdict(bytes: Vec<u8>) -> Result<Result<CheckedObject, Report>, Error> {
    check(Object::from_bytes(Path::new("vgetrandom.o"), bytes)?)
}

/// Wraps AT&T source in a Rust source.
fn assembly(source: &str) -> String {
    format!("core::arch::global_asm!(r#\"{source}\"#, options(att_syntax));\n")
}

fn compile_to(directory: &Path, name: &str, source: &str, options: &[&str]) -> PathBuf {
    let [crate_root, object] = ["rs", "o"].map(|extension| directory.join(name).with_extension(extension));
    std::fs::write(&crate_root, format!("#![no_std]\n{source}")).expect("the directory is writable");
    let mut command = Command::new(rustc());
    // The compiler puts intermediate files into the current directory, under names made from the crate's name.
    command
        .current_dir(directory)
        .args(["--edition=2024", "--crate-type=lib", "--emit=obj", "--target=x86_64-unknown-linux-gnu"])
        .args(["-Copt-level=3", "-Cpanic=abort", "-Ccodegen-units=1"])
        .args(options.iter().map(|option| format!("-C{option}")))
        .arg("-o")
        .args([&object, &crate_root]);
    run(&mut command);
    object
}
