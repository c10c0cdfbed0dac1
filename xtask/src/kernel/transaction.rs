// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Changes of several files of a folder, all or none.
//!
//! Everything is written beside its place first, which finds full disks and read-only folders while nothing has changed
//! yet. Then come renames, each atomic; when one fails, those before it are undone.

use anyhow::Context;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// One change; the paths are relative to the folder.
#[derive(Debug)]
pub enum Step {
    /// The file has these bytes afterwards. Its mode stays; a new one is readable by everybody.
    Write(String, Vec<u8>),
    /// The file is gone afterwards.
    Remove(String),
}

/// Carries out all steps in their order.
///
/// # Errors
/// The first step that failed. The folder is then as it was, or the message names what could not be put back.
pub fn commit(folder: &Path, steps: &[Step]) -> anyhow::Result<()> {
    let mut done = Undo::default();
    let result = try_commit(folder, steps, &mut done);
    let Err(error) = result else { return Ok(()) };
    match done.undo() {
        Ok(()) => Err(error.context(format!("{}: nothing was changed", folder.display()))),
        Err(second) => Err(error.context(format!("putting the earlier state back failed as well: {second:#}"))),
    }
}

fn try_commit(folder: &Path, steps: &[Step], done: &mut Undo) -> anyhow::Result<()> {
    let mut staged = Vec::new();
    for step in steps {
        staged.push(match step {
            Step::Write(path, bytes) => {
                let path = folder.join(path);
                done.create_parents(&path)?;
                (Some(stage(&path, bytes, mode_of(&path)?)?), path)
            }
            Step::Remove(path) => (None, folder.join(path)),
        });
    }
    for (new, path) in staged {
        let earlier = Earlier::of(&path)?;
        match new {
            Some(file) => {
                file.persist(&path).with_context(|| path.display().to_string())?;
            }
            None => fs_err::remove_file(&path)?,
        }
        done.files.push((path, earlier));
    }
    Ok(())
}

/// Writes a temporary file beside `path`.
fn stage(path: &Path, bytes: &[u8], mode: u32) -> anyhow::Result<NamedTempFile> {
    let folder = path.parent().expect("joined to a folder");
    let write = || {
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().set_permissions(Permissions::from_mode(mode))?;
        Ok::<_, std::io::Error>(file)
    };
    write().with_context(|| format!("{}: cannot be written; make the folder writable", path.display()))
}

/// The permission bits of a file, or those of a new one.
fn mode_of(path: &Path) -> anyhow::Result<u32> {
    Ok(if path.exists() { fs_err::metadata(path)?.permissions().mode() & 0o7777 } else { 0o644 })
}

/// What a file was before it was changed.
enum Earlier {
    Absent,
    File(Vec<u8>, u32),
}

impl Earlier {
    fn of(path: &Path) -> anyhow::Result<Self> {
        Ok(if path.is_file() { Self::File(fs_err::read(path)?, mode_of(path)?) } else { Self::Absent })
    }
}

/// What has been done so far.
#[derive(Default)]
struct Undo {
    directories: Vec<PathBuf>,
    files: Vec<(PathBuf, Earlier)>,
}

impl Undo {
    fn create_parents(&mut self, path: &Path) -> anyhow::Result<()> {
        let missing: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| !folder.exists()).collect();
        for folder in missing.into_iter().rev() {
            fs_err::create_dir(folder)?;
            self.directories.push(folder.into());
        }
        Ok(())
    }

    fn undo(self) -> anyhow::Result<()> {
        for (path, earlier) in self.files.into_iter().rev() {
            match earlier {
                Earlier::Absent => fs_err::remove_file(&path)?,
                Earlier::File(bytes, mode) => {
                    stage(&path, &bytes, mode)?.persist(&path).with_context(|| path.display().to_string())?;
                }
            }
        }
        for folder in self.directories.into_iter().rev() {
            fs_err::remove_dir(folder)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &str, text: &str) -> Step {
        Step::Write(path.into(), text.into())
    }

    /// Every file below `root` with its bytes and mode, and every folder, by name.
    fn snapshot(root: &Path) -> Vec<(PathBuf, Vec<u8>, u32)> {
        let mut found = Vec::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs_err::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path.clone());
                    found.push((path, Vec::new(), 0));
                } else {
                    found.push((path.clone(), fs_err::read(&path).unwrap(), mode_of(&path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }

    #[test]
    fn writes_and_removes_and_keeps_modes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs_err::write(root.join("old"), "1").unwrap();
        fs_err::write(root.join("script"), "1").unwrap();
        fs_err::set_permissions(root.join("script"), Permissions::from_mode(0o755)).unwrap();

        commit(root, &[write("a/b/new", "2"), write("script", "2"), Step::Remove("old".into())]).unwrap();
        let wanted = [("a", "", 0), ("a/b", "", 0), ("a/b/new", "2", 0o644), ("script", "2", 0o755)];
        let wanted: Vec<_> = wanted.map(|(path, text, mode)| (root.join(path), text.as_bytes().to_vec(), mode)).into();
        assert_eq!(snapshot(root), wanted);
    }

    #[test]
    fn a_failed_rename_undoes_the_ones_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs_err::write(root.join("first"), "1").unwrap();
        fs_err::write(root.join("gone"), "1").unwrap();
        fs_err::create_dir_all(root.join("blocked/by/a/folder")).unwrap();
        let before = snapshot(root);

        let steps =
            [write("first", "2"), write("new/file", "2"), Step::Remove("gone".into()), write("blocked/by", "2")];
        let error = format!("{:#}", commit(root, &steps).unwrap_err());
        assert!(error.contains("nothing was changed") && error.contains("blocked/by"), "{error}");
        assert_eq!(snapshot(root), before);
    }

    #[test]
    fn what_cannot_be_staged_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs_err::write(root.join("file"), "1").unwrap();
        let before = snapshot(root);
        let error = format!("{:#}", commit(root, &[write("file", "2"), write("file/below", "2")]).unwrap_err());
        assert!(error.contains("file"), "{error}");
        assert_eq!(snapshot(root), before);
    }
}
