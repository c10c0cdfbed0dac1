// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The programs that build: those of the Rust toolchain, and GNU ld.

use anyhow::{Context, bail};
use duct::cmd;
use kernel_lab::process;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use vdso_link::link::standalone::Linker;

/// The only target: kernels for other architectures have another vDSO.
pub const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The rustc that Cargo uses.
///
/// A name, not a path: duct resolves a path of one part in the current directory.
fn rustc() -> OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// The Cargo that runs this program, or the one on the path where this program was started by itself.
///
/// # Errors
/// It is missing.
pub fn cargo() -> anyhow::Result<OsString> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    which::which(&cargo)
        .with_context(|| format!("{}: not on the path; install Rust and open a new shell", cargo.display()))?;
    Ok(cargo)
}

/// The version of Cargo, in one line.
///
/// # Errors
/// It is missing or does not answer.
pub fn cargo_version() -> anyhow::Result<String> {
    process::first_line("cargo", &cmd!(cargo()?, "--version"))
}

/// The version of rustc, which has compiled a crate for the target of the object.
///
/// # Errors
/// There is no rustc, or it cannot compile for the target.
pub fn rustc_works() -> anyhow::Result<String> {
    let version = rustc_version()?;
    let directory = tempfile::tempdir()?;
    let [source, object] = ["trial.rs", "trial.o"].map(|name| directory.path().join(name));
    fs_err::write(&source, "#![no_std]\npub const fn one() -> u8 {\n    1\n}\n")?;
    let emit = format!("--emit=obj={}", object.display());
    let command = cmd!(rustc(), "--crate-type", "lib", "--target", TARGET, emit, source).dir(directory.path());
    process::output_of("rustc", &command)?;
    Ok(format!("{version}, compiled for {TARGET}"))
}

/// Its version, in one line.
///
/// # Errors
/// There is no rustc, or it does not answer.
pub fn rustc_version() -> anyhow::Result<String> {
    process::first_line("rustc", &cmd!(rustc(), "--version"))
}

/// The program of a linker: `rust-lld` lies in the toolchain, GNU ld on the path.
///
/// # Errors
/// It is missing.
pub fn linker(linker: Linker) -> anyhow::Result<PathBuf> {
    match linker {
        Linker::Lld => shipped(linker.program()),
        Linker::Bfd => which::which(linker.program())
            .with_context(|| format!("{}: not on the path; install binutils, or use --linker lld", linker.program())),
    }
}

/// The version of a linker, in one line.
///
/// # Errors
/// It is missing or does not answer.
pub fn linker_version(which: Linker) -> anyhow::Result<String> {
    let program = linker(which)?;
    let command = match which {
        Linker::Lld => cmd!(program, "-flavor", "gnu", "--version"),
        Linker::Bfd => cmd!(program, "--version"),
    };
    process::first_line(which.program(), &command)
}

/// The program that strips, which lies in the toolchain.
///
/// # Errors
/// It is missing.
fn objcopy() -> anyhow::Result<PathBuf> {
    shipped("rust-objcopy")
}

/// Copies an ELF file without its symbol table.
///
/// # Errors
/// The toolchain lacks the program, or it failed.
pub fn strip(from: &Path, to: &Path) -> anyhow::Result<()> {
    let arguments = [OsStr::new("--strip-all"), from.as_os_str(), to.as_os_str()];
    process::output_of("rust-objcopy", &objcopy_command(&arguments)?)?;
    Ok(())
}

/// The program that strips, by its path; its version was read.
///
/// # Errors
/// The toolchain lacks the program, or it does not start.
pub fn objcopy_version() -> anyhow::Result<String> {
    process::output_of("rust-objcopy", &objcopy_command(&[OsStr::new("--version")])?)?;
    Ok(objcopy()?.display().to_string())
}

fn objcopy_command(arguments: &[&OsStr]) -> anyhow::Result<duct::Expression> {
    // It is linked against the compiler's own libraries, and finds them only when rustc starts it.
    Ok(cmd(objcopy()?, arguments).env("LD_LIBRARY_PATH", sysroot()?.join("lib")))
}

/// The directory of the toolchain.
pub fn sysroot() -> anyhow::Result<PathBuf> {
    Ok(process::first_line("rustc", &cmd!(rustc(), "--print", "sysroot"))?.into())
}

/// A program that the toolchain ships outside of the path.
fn shipped(program: &str) -> anyhow::Result<PathBuf> {
    let path = sysroot()?.join("lib/rustlib").join(TARGET).join("bin").join(program);
    if !path.is_file() {
        bail!("{}: not found; the Rust toolchain lacks {program}: install the one of rust-lang.org", path.display());
    }
    Ok(path)
}
