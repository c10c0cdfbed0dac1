// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The C compiler, for programs that run in the guest.

use super::glue;
use crate::process;
use anyhow::Context;
use duct::cmd;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Flags for every program.
const COMMON_FLAGS: [&str; 4] = ["-O2", "-Wall", "-Wextra", "-Werror"];

/// The compiler and where its results go.
pub struct Compiler<'path> {
    /// A name, not a path: duct resolves a path of one part in the current directory.
    program: OsString,
    output: &'path Path,
}

impl<'path> Compiler<'path> {
    /// Finds the machine's own compiler, or the one that `CC` names.
    ///
    /// # Errors
    /// No C compiler is installed.
    pub fn find(output: &'path Path) -> anyhow::Result<Self> {
        Ok(Self { program: program()?, output })
    }

    /// Compiles and links one program, and returns its place.
    ///
    /// # Errors
    /// The compiler does not take it; the message holds its words.
    pub fn compile(&self, name: &str, sources: &[PathBuf], flags: &[&str]) -> anyhow::Result<PathBuf> {
        let program = self.output.join(name);
        let mut arguments: Vec<OsString> = COMMON_FLAGS.iter().chain(flags).map(OsString::from).collect();
        arguments.extend(["-I".into(), glue::directory().join("common/files/include").into()]);
        arguments.extend(["-o".into(), program.clone().into()]);
        arguments.extend(sources.iter().map(OsString::from));
        let log = self.output.join(format!("{name}.log"));
        process::run_logged(&format!("compilation of the guest's {name}"), &cmd(&self.program, arguments), &log)?;
        Ok(program)
    }
}

/// The machine's own compiler, or the one that `CC` names.
///
/// # Errors
/// No C compiler is installed.
pub fn program() -> anyhow::Result<OsString> {
    let target = "x86_64-unknown-linux-gnu";
    let mut build = cc::Build::new();
    // The directory is for probes of options, of which none is made.
    build.target(target).host(target).opt_level(2).out_dir(std::env::temp_dir());
    build.cargo_metadata(false).cargo_warnings(false).no_default_flags(true);
    let tool = build.try_get_compiler().context("no C compiler; install gcc")?;
    Ok(tool.path().as_os_str().into())
}

/// The C files of a directory, sorted; none if there is no such directory.
///
/// # Errors
/// The directory cannot be read.
pub fn c_files(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs_err::read_dir(directory)?.collect::<Result<Vec<_>, _>>()?;
    let paths = entries.into_iter().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|ending| ending == "c")).collect();
    files.sort();
    Ok(files)
}
