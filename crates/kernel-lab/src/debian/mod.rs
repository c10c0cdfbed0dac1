// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Packages of Debian releases that need not be the machine's own: fetched from its mirror and unpacked under `target/debian/`.
//! Nothing of them is installed.
//!
//! `target/debian/SUITE/PACKAGE_VERSION/` is an unpacked package. It is used without asking the mirror; to get a newer
//! version, remove the directory of the suite.

mod apt;
mod mirror;

use crate::{progress, workspace};
use anyhow::Context;
use apt::Apt;
use std::path::{Path, PathBuf};

pub use mirror::Mirror;

/// A release that packages are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// Debian 12.
    Bookworm,
    /// Debian 13.
    Trixie,
    /// Packages of later releases, built for Debian 13.
    TrixieBackports,
}

impl Suite {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Bookworm, Self::Trixie, Self::TrixieBackports];

    /// Its name in the archive.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
            Self::TrixieBackports => "trixie-backports",
        }
    }

    /// Where its packages are unpacked.
    pub fn directory(self) -> PathBuf {
        workspace::target().join("debian").join(self.name())
    }
}

/// The root of one unpacked package, fetched if it is missing.
///
/// # Errors
/// As for [`packages`].
pub fn package(suite: Suite, name: &str) -> anyhow::Result<PathBuf> {
    Ok(packages(suite, &[name])?.remove(0))
}

/// The roots of unpacked packages, in the order of their names; the missing ones are fetched together.
///
/// # Errors
/// The machine's apt configuration names no mirror of Debian, the mirror cannot be reached or does not have a package, or
/// one cannot be unpacked.
pub fn packages(suite: Suite, names: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let directory = suite.directory();
    let missing: Vec<&str> = names.iter().copied().filter(|name| unpacked(&directory, name).is_none()).collect();
    if !missing.is_empty() {
        let _spinner = progress::spinner("Fetching", format_args!("{} of {}", missing.join(", "), suite.name()));
        let archives =
            Apt::new(&Mirror::of_this_machine()?, suite.name(), directory.join("apt"))?.download(&missing)?;
        archives.iter().try_for_each(|archive| unpack(archive, &directory))?;
    }
    let found =
        |name: &&str| unpacked(&directory, name).with_context(|| format!("{name}: fetched, but not found afterwards"));
    names.iter().map(found).collect()
}

/// The directories of all packages of a suite that are unpacked.
pub fn unpacked_packages(suite: Suite) -> Vec<PathBuf> {
    directories_of_packages(&suite.directory())
}

/// A package's directory, if it is unpacked: names of packages have no underscore, and a version ends the name.
fn unpacked(directory: &Path, package: &str) -> Option<PathBuf> {
    let is_wanted = |path: &PathBuf| split(path).is_some_and(|(name, _)| name == package);
    directories_of_packages(directory).into_iter().find(is_wanted)
}

fn directories_of_packages(directory: &Path) -> Vec<PathBuf> {
    let entries = fs_err::read_dir(directory).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| split(path).is_some()).collect()
}

/// Name and version of an unpacked package. The directory of an interrupted run has a third part and is skipped.
fn split(path: &Path) -> Option<(&str, &str)> {
    path.file_name()?.to_str()?.split_once('_').filter(|(_, version)| !version.contains('_'))
}

/// Unpacks `PACKAGE_VERSION_ARCHITECTURE.deb` into `PACKAGE_VERSION`, whole or not at all, and removes the archive.
fn unpack(archive: &Path, directory: &Path) -> anyhow::Result<()> {
    let stem = archive.file_stem().and_then(|stem| stem.to_str()).context("an archive without a name")?;
    let (package, _architecture) = stem.rsplit_once('_').with_context(|| format!("{stem}: no architecture"))?;
    let partial = directory.join(format!("{package}_partial"));
    if partial.exists() {
        fs_err::remove_dir_all(&partial)?;
    }
    apt::extract(archive, &partial)?;
    fs_err::rename(&partial, directory.join(package))?;
    Ok(fs_err::remove_file(archive)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use duct::cmd;

    #[test]
    fn a_package_is_unpacked_under_its_name_and_version_and_half_a_one_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let (tree, archive) = (root.join("tree"), root.join("word-tool_1%3a2.0-1_amd64.deb"));
        fs_err::create_dir_all(tree.join("DEBIAN")).unwrap();
        fs_err::create_dir_all(root.join("suite/word-tool_1%3a2.0-1_partial")).unwrap();
        fs_err::write(tree.join("content"), "x").unwrap();
        let control = "Package: word-tool\nVersion: 1:2.0-1\nArchitecture: amd64\nMaintainer: x <x@example.org>\nDescription: x\n";
        fs_err::write(tree.join("DEBIAN/control"), control).unwrap();
        cmd!("dpkg-deb", "--build", &tree, &archive).stdout_null().run().unwrap();

        let suite = root.join("suite");
        assert_eq!(unpacked(&suite, "word-tool"), None);
        unpack(&archive, &suite).unwrap();
        let place = unpacked(&suite, "word-tool").unwrap();
        assert_eq!(fs_err::read_to_string(place.join("content")).unwrap(), "x");
        assert!(!archive.exists() && !suite.join("word-tool_1%3a2.0-1_partial").exists());
        assert_eq!(unpacked(&suite, "word"), None);

        fs_err::write(&archive, "no archive").unwrap();
        let error = format!("{:#}", unpack(&archive, &suite).unwrap_err());
        assert!(error.contains("word-tool_1%3a2.0-1_amd64.deb"), "{error}");
    }
}
