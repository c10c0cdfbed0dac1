// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The initramfs of the guest: a `newc` archive (Linux `Documentation/driver-api/early-userspace/buffer-format.rst`).

use cpio::newc::{self, Builder, ModeFileType};
use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Directories for mounts and new files.
const DIRECTORIES: [&str; 4] = ["dev", "proc", "sys", "tmp"];

/// Character devices with their numbers (Linux `Documentation/admin-guide/devices.txt`): the kernel opens the console
/// for `/init` before anything could have made it.
const DEVICES: [(&str, u32, u32); 2] = [("dev/console", 5, 1), ("dev/null", 1, 3)];

/// An archive under construction. Names have no leading slash. Equal contents in equal order give equal bytes.
pub struct Archive {
    bytes: Vec<u8>,
    entries: u32,
    directories: BTreeSet<String>,
}

impl Archive {
    /// An archive with what every guest needs.
    ///
    /// # Errors
    /// None: writing to memory does not fail.
    pub fn new() -> anyhow::Result<Self> {
        let mut archive = Self { bytes: Vec::new(), entries: 0, directories: BTreeSet::new() };
        DIRECTORIES.iter().try_for_each(|directory| archive.directory(directory))?;
        for (device, major, minor) in DEVICES {
            archive.entry(device, ModeFileType::Char, 0o666, &[], |node| node.rdev_major(major).rdev_minor(minor))?;
        }
        Ok(archive)
    }

    /// Adds a directory and its parents unless they exist.
    fn directory(&mut self, name: &str) -> anyhow::Result<()> {
        self.parents(name)?;
        if !name.is_empty() && self.directories.insert(name.to_owned()) {
            self.entry(name, ModeFileType::Directory, 0o755, &[], |directory| directory.nlink(2))?;
        }
        Ok(())
    }

    fn parents(&mut self, name: &str) -> anyhow::Result<()> {
        name.rsplit_once('/').map_or(Ok(()), |(parent, _)| self.directory(parent))
    }

    /// A file with the contents and the permissions of `path`.
    ///
    /// # Errors
    /// It cannot be read, or is larger than the format allows.
    pub fn file(&mut self, name: &str, path: &Path) -> anyhow::Result<()> {
        let mode = fs_err::metadata(path)?.permissions().mode() & 0o777;
        self.parents(name)?;
        self.entry(name, ModeFileType::Regular, mode, &fs_err::read(path)?, |file| file)
    }

    /// A symbolic link.
    ///
    /// # Errors
    /// None: writing to memory does not fail.
    pub fn link(&mut self, name: &str, target: &Path) -> anyhow::Result<()> {
        self.parents(name)?;
        self.entry(name, ModeFileType::Symlink, 0o777, target.as_os_str().as_bytes(), |link| link)
    }

    /// Adds the file, symbolic link or directory at `path`; a directory with its contents, sorted by name.
    ///
    /// # Errors
    /// Something cannot be read, or has a name that is no UTF-8.
    pub fn tree(&mut self, name: &str, path: &Path) -> anyhow::Result<()> {
        let kind = fs_err::symlink_metadata(path)?.file_type();
        if kind.is_symlink() {
            return self.link(name, &fs_err::read_link(path)?);
        }
        if !kind.is_dir() {
            return self.file(name, path);
        }
        self.directory(name)?;
        let entries = fs_err::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
        let mut names = entries.into_iter().map(|entry| entry.file_name()).collect::<Vec<_>>();
        names.sort();
        for below in names {
            let text = below.to_str().ok_or_else(|| anyhow::anyhow!("{}: the name is not UTF-8", path.display()))?;
            self.tree(&format!("{name}/{text}"), &path.join(&below))?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        name: &str,
        kind: ModeFileType,
        mode: u32,
        contents: &[u8],
        facts: impl FnOnce(Builder) -> Builder,
    ) -> anyhow::Result<()> {
        self.entries += 1;
        let builder = facts(Builder::new(name).ino(self.entries).mode(mode).set_mode_file_type(kind));
        let mut entry = builder.write(std::mem::take(&mut self.bytes), u32::try_from(contents.len())?);
        entry.write_all(contents)?;
        self.bytes = entry.finish()?;
        Ok(())
    }

    /// The bytes of the archive.
    ///
    /// # Errors
    /// None: writing to memory does not fail.
    pub fn finish(self) -> anyhow::Result<Vec<u8>> {
        Ok(newc::trailer(self.bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cpio::newc::Reader;
    use std::os::unix::fs::symlink;

    /// Name, mode, device and contents of each entry.
    fn entries(archive: &[u8]) -> Vec<(String, u32, (u32, u32), String)> {
        let mut rest = archive;
        let mut found = Vec::new();
        loop {
            let mut reader = Reader::new(rest).unwrap();
            let entry = reader.entry().clone();
            if entry.is_trailer() {
                return found;
            }
            let mut bytes = String::new();
            std::io::Read::read_to_string(&mut reader, &mut bytes).unwrap();
            found.push((entry.name().to_owned(), entry.mode(), (entry.rdev_major(), entry.rdev_minor()), bytes));
            rest = reader.finish().unwrap();
        }
    }

    #[test]
    fn everything_is_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs_err::create_dir_all(root.join("tree/deep")).unwrap();
        for (name, mode) in [("program", 0o755), ("tree/deep/b", 0o644), ("tree/a", 0o644)] {
            fs_err::write(root.join(name), name).unwrap();
            fs_err::set_permissions(root.join(name), PermissionsExt::from_mode(mode)).unwrap();
        }
        symlink("../elsewhere", root.join("tree/link")).unwrap();
        let packed = || {
            let mut archive = Archive::new().unwrap();
            archive.file("init", &root.join("program")).unwrap();
            archive.tree("usr/tree", &root.join("tree")).unwrap();
            archive.finish().unwrap()
        };
        assert_eq!(packed(), packed());

        let found = entries(&packed());
        let has = |name: &str, mode, device, bytes: &str| found.contains(&(name.into(), mode, device, bytes.into()));
        assert!(has("proc", 0o040755, (0, 0), ""), "{found:?}");
        assert!(has("dev/console", 0o020666, (5, 1), "") && has("dev/null", 0o020666, (1, 3), ""), "{found:?}");
        assert!(has("init", 0o100755, (0, 0), "program") && has("usr/tree/a", 0o100644, (0, 0), "tree/a"), "{found:?}");
        assert!(has("usr/tree/deep/b", 0o100644, (0, 0), "tree/deep/b"), "{found:?}");
        assert!(has("usr/tree/link", 0o120777, (0, 0), "../elsewhere"), "{found:?}");

        let position = |name: &str| found.iter().position(|entry| entry.0 == name);
        for (directory, inside) in [("dev", "dev/null"), ("usr", "usr/tree"), ("usr/tree/deep", "usr/tree/deep/b")] {
            assert!(position(directory) < position(inside), "{directory} comes before what lies in it");
        }
        assert_eq!(found.iter().filter(|entry| entry.0 == "usr/tree").count(), 1);
    }
}
