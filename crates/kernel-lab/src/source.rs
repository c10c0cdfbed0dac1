// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A private copy of a kernel's source for the test kernel: of the Debian package, or of a tree that the user names.
//! The original is only read.

use super::make::Build;
use super::tree::{self, KernelTree, Series, SourcePackage};
use crate::digest::{Inputs, sha256};
use crate::{debian, progress, workspace};
use duct::cmd;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// The copy.
#[derive(Debug)]
pub struct Source {
    /// The copied tree.
    pub tree: KernelTree,
    /// Tells this source from any other.
    pub identity: String,
    /// How it is built: beside the copy.
    pub build: Build,
    /// The directory of both.
    pub directory: PathBuf,
}

/// Where a source comes from.
enum Origin<'path> {
    Archive(&'path Path),
    Tree(&'path Path),
}

/// Makes the copy `target/kernel/NAME`, of `given` if there is one, else of the series' package, or finds it there from an
/// earlier run.
///
/// # Errors
/// There is no such archive or tree, or its copy fails.
pub fn obtain(series: &Series, given: Option<&Path>, name: &str) -> anyhow::Result<Source> {
    let directory = super::target();
    match given {
        Some(root) => {
            let root = fs_err::canonicalize(root)?;
            let key = &sha256(root.as_os_str().as_encoded_bytes())[..8];
            copy_into(&directory.join(format!("{name}-tree-{key}")), &Origin::Tree(&root))
        }
        None => copy_into(&directory.join(name), &Origin::Archive(&archive(series)?)),
    }
}

/// Some paths of a series' source, without the rest where the whole copy is not there yet: a kernel of another series needs no
/// tree of a gigabyte. Returns the top directory of a tree that has them.
///
/// # Errors
/// There is no such archive, or it cannot be unpacked.
pub fn part(series: &Series, paths: &[&str]) -> anyhow::Result<PathBuf> {
    part_of(&super::target(), series.name, &Origin::Archive(&archive(series)?), paths)
}

fn part_of(target: &Path, name: &str, origin: &Origin<'_>, paths: &[&str]) -> anyhow::Result<PathBuf> {
    let identity = origin.identity()?;
    let whole = target.join(name);
    if is_copy(&whole, &identity) {
        return Ok(whole.join(SOURCE));
    }
    let directory = target.join(format!("{name}-part"));
    let identity = format!("{identity} {}", paths.join(" "));
    if !is_copy(&directory, &identity) {
        unpack_into(&directory, origin, paths)?;
        fs_err::write(directory.join(STAMP), &identity)?;
    }
    Ok(directory.join(SOURCE))
}

/// The archive with a series' source.
///
/// # Errors
/// It is of a newer release, and cannot be fetched.
pub fn archive(series: &Series) -> anyhow::Result<PathBuf> {
    match series.source {
        SourcePackage::Installed { archive, .. } => Ok(archive.into()),
        SourcePackage::Newer { suite, package, archive } => Ok(debian::package(suite, package)?.join(archive)),
    }
}

fn copy_into(directory: &Path, origin: &Origin) -> anyhow::Result<Source> {
    let identity = origin.identity()?;
    let build =
        Build { source: directory.join(SOURCE), output: directory.join("build"), log: directory.join("build.log") };
    if !is_copy(directory, &identity) {
        unpack_into(directory, origin, &[])?;
        if build.source.join(".config").exists() {
            build.clean_source()?;
        }
        fs_err::write(directory.join(STAMP), &identity)?;
    }
    Ok(Source { tree: tree::recognise(&build.source)?, identity, build, directory: directory.into() })
}

/// The tree in the directory of a copy.
const SOURCE: &str = "source";

/// The file by which a finished copy is known to be of its origin.
const STAMP: &str = "source.sha256";

fn is_copy(directory: &Path, identity: &str) -> bool {
    let known = fs_err::read_to_string(directory.join(STAMP)).is_ok_and(|stamp| stamp == identity);
    known && directory.join(SOURCE).is_dir()
}

/// Unpacks some paths of an origin, or all of it where none is named, in place of an earlier copy.
fn unpack_into(directory: &Path, origin: &Origin<'_>, paths: &[&str]) -> anyhow::Result<()> {
    // Objects of another source may look newer than this one's files.
    if directory.exists() {
        fs_err::remove_dir_all(directory)?;
    }
    let partial = directory.join("source.partial");
    fs_err::create_dir_all(&partial)?;
    origin.unpack(&partial, paths)?;
    fs_err::rename(&partial, directory.join(SOURCE))?;
    Ok(())
}

impl Origin<'_> {
    /// A digest of the names, sizes and times of all files: reading a gigabyte would take longer than it is worth.
    fn identity(&self) -> anyhow::Result<String> {
        let (top, mut found) = match self {
            Self::Archive(archive) => (*archive, vec![archive.to_path_buf()]),
            Self::Tree(root) => (*root, files_below(root)?),
        };
        found.sort();
        let mut inputs = Inputs::default();
        inputs.add("origin", top.as_os_str().as_encoded_bytes());
        for path in found {
            let metadata = fs_err::symlink_metadata(&path)?;
            let facts = format!("{} {} {}", metadata.size(), metadata.mtime(), metadata.mtime_nsec());
            inputs.add(&path.to_string_lossy(), facts.as_bytes());
        }
        Ok(inputs.finish())
    }

    /// Unpacks some paths, or everything where none is named; of a tree always everything.
    fn unpack(&self, directory: &Path, paths: &[&str]) -> anyhow::Result<()> {
        let (path, expression) = match self {
            Self::Archive(archive) => {
                let mut arguments = ["--extract", "--strip-components=1", "--wildcards", "--no-wildcards-match-slash"]
                    .map(OsString::from)
                    .to_vec();
                arguments.extend(["--directory".into(), directory.into(), "--file".into(), (*archive).into()]);
                // The top directory of an archive has a name of its package's choice.
                arguments.extend(paths.iter().map(|path| format!("*/{path}").into()));
                (archive, cmd("tar", arguments))
            }
            Self::Tree(root) => {
                let read =
                    cmd!("tar", "--create", "--exclude-vcs", "--exclude=*.o", "--directory", root, "--file=-", ".");
                (root, read.pipe(cmd!("tar", "--extract", "--directory", directory, "--file=-")))
            }
        };
        let _spinner = progress::spinner("Unpacking", path.display());
        let output = expression.stdin_null().stderr_capture().unchecked().run()?;
        anyhow::ensure!(
            output.status.success(),
            "{}: cannot be unpacked into {}: {}",
            path.display(),
            workspace::shown(directory),
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
        Ok(())
    }
}

/// Every file of a tree except version control.
fn files_below(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let below = WalkDir::new(root).into_iter().filter_entry(|entry| entry.file_name() != ".git");
    let files = below.filter(|entry| entry.as_ref().map_or(true, |entry| !entry.file_type().is_dir()));
    Ok(files.map(|entry| entry.map(DirEntry::into_path)).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kernel(root: &Path) {
        fs_err::create_dir_all(root.join("arch/x86/entry/vdso")).unwrap();
        fs_err::create_dir_all(root.join(".git")).unwrap();
        fs_err::write(root.join("Makefile"), "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\nmrproper:\n\trm -f .config\n")
            .unwrap();
        fs_err::write(root.join("arch/x86/entry/vdso/Makefile"), "").unwrap();
    }

    #[test]
    fn a_tree_is_copied_once_and_again_when_it_changed() {
        let directory = tempfile::tempdir().unwrap();
        let (original, work) = (directory.path().join("original"), directory.path().join("work"));
        kernel(&original);
        fs_err::write(original.join(".config"), "").unwrap();
        fs_err::write(original.join("main.o"), "").unwrap();

        let copy = copy_into(&work, &Origin::Tree(&original)).unwrap();
        assert_eq!(copy.tree.release, "6.1.7");
        for (absent, why) in [(".git", "history"), (".config", "of another build"), ("main.o", "of another build")] {
            assert!(!copy.build.source.join(absent).exists(), "{absent}: {why}");
        }
        assert!(original.join(".config").exists(), "the original is only read");

        fs_err::create_dir_all(&copy.build.output).unwrap();
        fs_err::write(copy.build.source.join("kept"), "").unwrap();
        let again = copy_into(&work, &Origin::Tree(&original)).unwrap();
        assert!(again.identity == copy.identity && again.build.source.join("kept").exists());

        fs_err::write(original.join("new.c"), "").unwrap();
        let changed = copy_into(&work, &Origin::Tree(&original)).unwrap();
        assert_ne!(changed.identity, copy.identity);
        assert!(changed.build.source.join("new.c").exists() && !changed.build.source.join("kept").exists());
        assert!(!changed.build.output.exists(), "objects of the old source are gone");
    }

    #[test]
    fn a_part_of_an_archive_is_unpacked_alone_and_taken_from_a_whole_copy_that_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let (top, target) = (root.join("linux-source-6.12"), root.join("target"));
        kernel(&top);
        for deep in ["tools/include/linux", "include", "drivers/tools/include"] {
            fs_err::create_dir_all(top.join(deep)).unwrap();
            fs_err::write(top.join(deep).join("a.h"), deep).unwrap();
        }
        let archive = root.join("s.tar.xz");
        cmd!("tar", "--create", "--xz", "--directory", root, "--file", &archive, "linux-source-6.12").run().unwrap();
        let part = || part_of(&target, "6.12", &Origin::Archive(&archive), &["tools/include", "Makefile"]).unwrap();

        let tree = part();
        assert_eq!(tree, target.join("6.12-part/source"));
        assert!(tree.join("tools/include/linux/a.h").exists() && tree.join("Makefile").exists());
        for absent in ["include", "drivers", "arch"] {
            assert!(!tree.join(absent).exists(), "{absent}");
        }
        fs_err::write(tree.join("kept"), "").unwrap();
        assert!(part().join("kept").exists(), "it is unpacked once");
        copy_into(&target.join("6.12"), &Origin::Archive(&archive)).unwrap();
        assert_eq!(part(), target.join("6.12/source"));

        let missing = part_of(&target, "7", &Origin::Archive(&archive), &["no/such/path"]).unwrap_err();
        assert!(format!("{missing:#}").contains("no/such/path"), "{missing:#}");
        assert!(!target.join("7-part/source").exists());
    }

    #[test]
    fn an_archive_is_unpacked_and_a_broken_one_named() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        kernel(&root.join("linux-source-6.1"));
        let archive = root.join("s.tar.xz");
        cmd!("tar", "--create", "--xz", "--directory", root, "--file", &archive, "linux-source-6.1").run().unwrap();
        let copy = copy_into(&root.join("work"), &Origin::Archive(&archive)).unwrap();
        assert_eq!(copy.tree.release, "6.1.7");

        fs_err::write(&archive, "no archive").unwrap();
        let error = format!("{:#}", copy_into(&root.join("work"), &Origin::Archive(&archive)).unwrap_err());
        assert!(error.contains("s.tar.xz: cannot be unpacked"), "{error}");
        assert!(!root.join("work/source").exists(), "half a tree is not taken for a whole one");
    }
}
