// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Assembles inputs with the toolchain's own `rustc`, and checks them.

use std::path::Path;
use std::process::Command;
use vdso_link::{CheckedObject, Error, Object, Report, check};

/// The source of the object that keeps every rule.
pub const GOOD: &str = include_str!("good.s");

/// Assembles AT&T source to the bytes of an object.
pub fn assemble(source: &str) -> Vec<u8> {
    compile(&format!("core::arch::global_asm!(r#\"{source}\"#, options(att_syntax));\n"), &[])
}

/// Compiles a `no_std` Rust source in the way of the real object, with further `-C` options, to the bytes of an object.
pub fn compile(source: &str, options: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let [crate_root, object] = ["fixture.rs", "fixture.o"].map(|name| folder.path().join(name));
    std::fs::write(&crate_root, format!("#![no_std]\n{source}")).expect("the folder is writable");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--edition=2024", "--crate-type=lib", "--emit=obj", "--target=x86_64-unknown-linux-gnu"])
        .args(["-Copt-level=3", "-Cpanic=abort", "-Ccodegen-units=1"])
        .args(options.iter().map(|option| format!("-C{option}")))
        .arg("-o")
        .args([&object, &crate_root])
        .output()
        .expect("rustc starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(&object).expect("rustc wrote the object")
}

/// The verdict on an object of these bytes.
pub fn judge(bytes: Vec<u8>) -> Result<Result<CheckedObject, Report>, Error> {
    check(Object::from_bytes(Path::new("vgetrandom.o"), bytes)?)
}
