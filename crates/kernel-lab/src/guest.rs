// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The guest's programs, compiled from `tests/guest/`: `/init`, and small ones for the kernel's two other ABIs; and the
//! kernel's own test.

use super::compiler::{Compiler, c_files};
use super::initramfs::Archive;
use super::selftest;
use crate::workspace;
use anyhow::bail;
use std::path::{Path, PathBuf};

/// Directories of programs without a C library, one source file each, and the compiler's option for their ABI. A program is
/// `/DIRECTORY-NAME` in the guest.
const OTHER_ABIS: [(&str, &str); 2] = [("m32", "-m32"), ("mx32", "-mx32")];

/// The table of the contract's tests.
const TABLE: &str = include_str!("../../../tests/guest/tests.h");

/// The least similarity of a name that is suggested, from 0 to 1.
const SIMILAR: f64 = 0.7;

/// The names of all tests of the contract, in the order in which they run.
pub fn test_names() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter_map(|line| line.split_once("TEST(")?.1.split_once(", test_").map(|(name, _)| name))
}

/// The test of this name, or the only one whose name contains it.
///
/// # Errors
/// No name contains it, or several do; the message names tests that may be meant.
pub fn test_named(name: &str) -> anyhow::Result<&'static str> {
    if let Some(exact) = test_names().find(|test| *test == name) {
        return Ok(exact);
    }
    let matching: Vec<&str> = test_names().filter(|test| test.contains(name)).collect();
    match matching[..] {
        [only] => Ok(only),
        [] => {
            let similarity =
                |test: &&str| strsim::normalized_damerau_levenshtein(without_clause(test), without_clause(name));
            let nearest = test_names().max_by(|one, other| similarity(one).total_cmp(&similarity(other)));
            let hint = nearest.filter(|test| similarity(test) >= SIMILAR);
            let hint = hint.map(|test| format!("did you mean {test}? ")).unwrap_or_default();
            bail!("--test {name}: no such guest test; {hint}tests/guest/tests.h lists all")
        }
        _ => bail!(
            "--test {name}: {} guest tests have this in their names; name one: {}",
            matching.len(),
            matching.join(", ")
        ),
    }
}

/// The name of a test without the clause of the contract before it.
fn without_clause(name: &str) -> &str {
    let is_clause = |word: &str| word.len() == 2 && word.ends_with(|last: char| last.is_ascii_digit());
    name.split_once('_').filter(|(first, _)| is_clause(first)).map_or(name, |(_, rest)| rest)
}

/// Compiles all programs and packs them into an archive, whose place is returned.
///
/// # Errors
/// A compiler is missing or does not take a program.
pub fn build() -> anyhow::Result<PathBuf> {
    let output = super::target().join("guest");
    let selftest = selftest::compile(&Compiler::find(&output)?)?;
    build_in(&workspace::root().join("tests/guest"), &[(selftest::NAME, selftest)], &output)
}

/// Builds the archive from the programs of a directory and from programs given by name.
fn build_in(sources: &Path, others: &[(&str, PathBuf)], output: &Path) -> anyhow::Result<PathBuf> {
    let compiler = Compiler::find(output)?;
    let mut archive = Archive::new()?;
    archive.file("init", &compiler.compile("init", &c_files(sources)?, &["-static", "-pthread"])?)?;
    for (directory, abi) in OTHER_ABIS {
        for source in c_files(&sources.join(directory))? {
            let stem = source.file_stem().unwrap_or_default().to_string_lossy();
            let name = format!("{directory}-{stem}");
            let program = compiler.compile(&name, &[source], &["-static", abi, "-nostdlib", "-ffreestanding"])?;
            archive.file(&name, &program)?;
        }
    }
    for (name, program) in others {
        archive.file(name, program)?;
    }
    let place = output.join("initramfs.cpio");
    fs_err::write(&place, archive.finish()?)?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use duct::cmd;

    #[test]
    fn test_named_takes_a_name_or_a_unique_part_and_suggests_another() {
        assert!(test_names().count() > 50 && test_names().all(|name| !name.contains(['(', ' '])));
        assert_eq!(test_named("threads").unwrap(), "threads");
        assert_eq!(
            test_named("timer").unwrap_err().to_string().split(';').next(),
            Some("--test timer: no such guest test")
        );
        assert_eq!(test_named("not_ready").unwrap(), "e5_not_ready");
        assert_eq!(test_named("droppable_reclaim_").unwrap(), "droppable_reclaim_generations");
        let error = test_named("a5_aloc_free").unwrap_err().to_string();
        assert!(error.contains("did you mean a5_alloc_free?"), "{error}");
        let error = test_named("fork_wpes").unwrap_err().to_string();
        assert!(error.contains("did you mean a3_fork_wipes?"), "{error}");
        let error = test_named("a4_limit").unwrap_err().to_string();
        assert!(error.contains("3 guest tests") && error.ends_with("a4_limit_address_space"), "{error}");
    }

    #[test]
    fn programs_are_compiled_and_packed() {
        let directory = tempfile::tempdir().unwrap();
        let (sources, output) = (directory.path().join("guest"), directory.path().join("out"));
        fs_err::create_dir_all(&sources).unwrap();
        fs_err::write(sources.join("main.c"), "int word(void); int main(void) { return word(); }\n").unwrap();
        fs_err::write(sources.join("word.c"), "int word(void);\nint word(void) { return 7; }\n").unwrap();
        let archive = build_in(&sources, &[], &output).unwrap();
        assert!(archive.exists());
        let status = cmd!(output.join("init")).unchecked().run().unwrap().status;
        assert_eq!(status.code(), Some(7));
    }

    #[test]
    fn a_program_that_warns_is_refused_with_the_compilers_words() {
        let directory = tempfile::tempdir().unwrap();
        fs_err::write(directory.path().join("main.c"), "int main(void) { int unused; return 0; }\n").unwrap();
        let error = format!("{:#}", build_in(directory.path(), &[], &directory.path().join("out")).unwrap_err());
        assert!(error.contains("compilation of the guest's init failed") && error.contains("unused"), "{error}");
    }
}
