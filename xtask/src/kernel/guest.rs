// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The guest's programs, compiled from `tests/guest/`: `/init`, and small ones for the kernel's two other ABIs.

use super::{glue, initramfs};
use crate::{process, workspace};
use anyhow::Context;
use duct::cmd;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Every program, whatever it is for.
const COMMON_FLAGS: [&str; 5] = ["-static", "-O2", "-Wall", "-Wextra", "-Werror"];

/// Folders of programs without a C library, one source file each, and what makes the compiler write that ABI. A program
/// is `/FOLDER-NAME` in the guest.
const OTHER_ABIS: [(&str, &str); 2] = [("m32", "-m32"), ("mx32", "-mx32")];

/// Compiles all programs and packs them into an archive, whose place is returned.
///
/// # Errors
/// A compiler is missing or does not take a program.
pub fn build() -> anyhow::Result<PathBuf> {
    build_in(&workspace::root().join("tests/guest"), &super::target().join("guest"))
}

fn build_in(sources: &Path, output: &Path) -> anyhow::Result<PathBuf> {
    let compiler = Compiler::find(output)?;
    let mut programs = vec![("init".to_owned(), compiler.compile("init", &c_files(sources)?, &["-pthread"])?)];
    for (folder, abi) in OTHER_ABIS {
        for source in c_files(&sources.join(folder))? {
            let stem = source.file_stem().unwrap_or_default().to_string_lossy();
            let name = format!("{folder}-{stem}");
            let program = compiler.compile(&name, &[source], &[abi, "-nostdlib", "-ffreestanding"])?;
            programs.push((name, program));
        }
    }
    let programs: Vec<(String, &Path)> = programs.iter().map(|(name, path)| (name.clone(), path.as_path())).collect();
    let archive = output.join("initramfs.cpio");
    fs_err::write(&archive, initramfs::pack(&programs)?)?;
    Ok(archive)
}

/// The compiler and where its results go.
struct Compiler<'path> {
    /// No path: duct would take a bare name as one in the current folder.
    program: OsString,
    output: &'path Path,
}

impl<'path> Compiler<'path> {
    /// Finds the machine's own compiler, or the one that `CC` names.
    fn find(output: &'path Path) -> anyhow::Result<Self> {
        let target = "x86_64-unknown-linux-gnu";
        let mut build = cc::Build::new();
        build.target(target).host(target).opt_level(2).out_dir(output).cargo_metadata(false).no_default_flags(true);
        let tool = build.try_get_compiler().context("no C compiler; install gcc")?;
        Ok(Self { program: tool.path().as_os_str().into(), output })
    }

    fn compile(&self, name: &str, sources: &[PathBuf], flags: &[&str]) -> anyhow::Result<PathBuf> {
        let program = self.output.join(name);
        let mut arguments: Vec<OsString> = COMMON_FLAGS.iter().chain(flags).map(OsString::from).collect();
        arguments.extend(["-I".into(), glue::folder().join("common/files/include").into()]);
        arguments.extend(["-o".into(), program.clone().into()]);
        arguments.extend(sources.iter().map(OsString::from));
        let log = self.output.join(format!("{name}.log"));
        process::run_logged(&format!("compilation of the guest's {name}"), &cmd(&self.program, arguments), &log)?;
        Ok(program)
    }
}

/// The C files of a folder, sorted; none if there is no such folder.
fn c_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs_err::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let paths = entries.into_iter().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|ending| ending == "c")).collect();
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_compiled_and_packed() {
        let folder = tempfile::tempdir().unwrap();
        let (sources, output) = (folder.path().join("guest"), folder.path().join("out"));
        fs_err::create_dir_all(&sources).unwrap();
        fs_err::write(sources.join("main.c"), "int word(void); int main(void) { return word(); }\n").unwrap();
        fs_err::write(sources.join("word.c"), "int word(void);\nint word(void) { return 7; }\n").unwrap();
        let archive = build_in(&sources, &output).unwrap();
        assert!(archive.exists());
        let status = cmd!(output.join("init")).unchecked().run().unwrap().status;
        assert_eq!(status.code(), Some(7));
    }

    #[test]
    fn a_program_that_warns_is_refused_with_the_compilers_words() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("main.c"), "int main(void) { int unused; return 0; }\n").unwrap();
        let error = format!("{:#}", build_in(folder.path(), &folder.path().join("out")).unwrap_err());
        assert!(error.contains("compilation of the guest's init failed") && error.contains("unused"), "{error}");
    }
}
