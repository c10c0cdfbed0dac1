// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Changes several files of a directory: all or none.
//!
//! Every file is first written next to its target, so a full disk or a read-only directory is found before anything changes.
//! Then come atomic renames; if one fails, the earlier ones are undone. The next run removes staged files of a killed run.

use anyhow::{Context, ensure};
use std::collections::BTreeSet;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// One change; the paths are relative to the directory.
#[derive(Clone, Debug)]
pub enum Step {
    /// The file has these bytes afterwards. Its mode stays; a new one has that of any new file.
    Write(String, Vec<u8>),
    /// The file is gone afterwards.
    Remove(String),
}

impl Step {
    fn path(&self) -> &str {
        match self {
            Self::Write(path, _) | Self::Remove(path) => path,
        }
    }
}

/// The prefix of a staged file's name; the process id follows.
const STAGED: &str = ".vdso-getrandom-staged-";

/// Carries out all steps in their order.
///
/// # Errors
/// The first step that failed. The directory is then unchanged, or the message names the files that could not be restored.
pub fn commit(directory: &Path, steps: &[Step]) -> anyhow::Result<()> {
    sweep(directory, steps.iter().map(Step::path))?;
    let mut done = Undo::default();
    let result = try_commit(directory, steps, &mut done);
    let Err(error) = result else { return Ok(()) };
    match done.undo() {
        Ok(()) => Err(error.context(format!("{}: nothing was changed", directory.display()))),
        Err(second) => Err(error.context(format!("putting the earlier state back failed as well: {second:#}"))),
    }
}

fn try_commit(directory: &Path, steps: &[Step], done: &mut Undo) -> anyhow::Result<()> {
    let mut staged = Vec::new();
    for step in steps {
        plain(&directory.join(step.path()))?;
        staged.push(match step {
            Step::Write(path, bytes) => {
                let path = directory.join(path);
                done.create_parents(&path)?;
                (Some(stage(&path, bytes, mode_of(&path)?)?), path)
            }
            Step::Remove(path) => (None, directory.join(path)),
        });
    }
    for (new, path) in staged {
        let earlier = Earlier::of(&path)?;
        match new {
            Some(file) => {
                file.persist(&path).map_err(|error| error.error).with_context(|| path.display().to_string())?;
            }
            None => fs_err::remove_file(&path)?,
        }
        done.files.push((path, earlier));
    }
    Ok(())
}

/// Removes what processes that are no more left beside these places. [`commit`] does that for its own steps; a caller who
/// knows of more places, because an earlier run had other steps, names them here.
///
/// # Errors
/// A file of such a process cannot be removed.
pub fn sweep<'path>(directory: &Path, paths: impl Iterator<Item = &'path str>) -> anyhow::Result<()> {
    let places: BTreeSet<PathBuf> = paths.filter_map(|path| Some(directory.join(path).parent()?.to_owned())).collect();
    for place in places.iter().filter(|place| place.is_dir()) {
        for entry in fs_err::read_dir(place)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(is_abandoned) {
                fs_err::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

/// Whether this is the name of a staged file whose process has ended.
fn is_abandoned(name: &str) -> bool {
    let process = name.strip_prefix(STAGED).and_then(|rest| rest.split_once('-'));
    process.is_some_and(|(process, _)| !Path::new("/proc").join(process).exists())
}

/// Checks that a rename may replace the target. It would replace a device or a pipe, for root even `/dev/null`, and a symbolic
/// link instead of the file that it leads to. A directory makes the rename fail.
fn plain(path: &Path) -> anyhow::Result<()> {
    let Ok(there) = path.symlink_metadata() else { return Ok(()) };
    let kind = there.file_type();
    ensure!(
        kind.is_file() || kind.is_dir(),
        "{}: {}; name a plain file or a path that does not exist",
        path.display(),
        if kind.is_symlink() { "a symbolic link" } else { "a device, a pipe or a socket" }
    );
    Ok(())
}

/// Writes a temporary file beside `path`.
fn stage(path: &Path, bytes: &[u8], mode: Option<u32>) -> anyhow::Result<NamedTempFile> {
    let directory = path.parent().expect("joined to a directory");
    let write = || {
        let prefix = format!("{STAGED}{}-", std::process::id());
        // Less the user's umask, as any new file; the crate's own choice is a private one.
        let new = Permissions::from_mode(0o666);
        let mut file = tempfile::Builder::new().prefix(&prefix).permissions(new).tempfile_in(directory)?;
        file.write_all(bytes)?;
        if let Some(mode) = mode {
            file.as_file().set_permissions(Permissions::from_mode(mode))?;
        }
        Ok::<_, std::io::Error>(file)
    };
    write().with_context(|| {
        format!("{}: cannot be written; make the directory writable and check the free space", path.display())
    })
}

/// The permission bits of a file, if there is one.
///
/// # Errors
/// Its metadata cannot be read.
pub fn mode_of(path: &Path) -> anyhow::Result<Option<u32>> {
    Ok(if path.exists() { Some(fs_err::metadata(path)?.permissions().mode() & 0o7777) } else { None })
}

/// The state of a file before its change.
enum Earlier {
    Absent,
    File(Vec<u8>, Option<u32>),
}

impl Earlier {
    fn of(path: &Path) -> anyhow::Result<Self> {
        Ok(if path.is_file() { Self::File(fs_err::read(path)?, mode_of(path)?) } else { Self::Absent })
    }
}

/// The changes so far.
#[derive(Default)]
struct Undo {
    directories: Vec<PathBuf>,
    files: Vec<(PathBuf, Earlier)>,
}

impl Undo {
    fn create_parents(&mut self, path: &Path) -> anyhow::Result<()> {
        // The last ancestor of a relative path is empty, and there.
        let is_missing = |directory: &&Path| !directory.as_os_str().is_empty() && !directory.exists();
        let missing: Vec<&Path> = path.ancestors().skip(1).take_while(is_missing).collect();
        for directory in missing.into_iter().rev() {
            fs_err::create_dir(directory)?;
            self.directories.push(directory.into());
        }
        Ok(())
    }

    fn undo(self) -> anyhow::Result<()> {
        for (path, earlier) in self.files.into_iter().rev() {
            match earlier {
                Earlier::Absent => fs_err::remove_file(&path)?,
                Earlier::File(bytes, mode) => {
                    let file = stage(&path, &bytes, mode)?;
                    file.persist(&path).map_err(|error| error.error).with_context(|| path.display().to_string())?;
                }
            }
        }
        for directory in self.directories.into_iter().rev() {
            fs_err::remove_dir(directory)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::snapshot;
    use std::os::unix::fs::MetadataExt;

    fn write(path: &str, text: &str) -> Step {
        Step::Write(path.into(), text.into())
    }

    #[test]
    fn writes_and_removes_and_keeps_modes() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs_err::write(root.join("old"), "1").unwrap();
        fs_err::write(root.join("script"), "1").unwrap();
        fs_err::set_permissions(root.join("script"), Permissions::from_mode(0o755)).unwrap();

        commit(root, &[write("a/b/new", "2"), write("script", "2"), Step::Remove("old".into())]).unwrap();
        fs_err::write(root.join("any"), "1").unwrap();
        let new = mode_of(&root.join("any")).unwrap().unwrap();
        let file = |text: &str, mode| Some((text.as_bytes().to_vec(), mode));
        let wanted = [
            ("a", None),
            ("a/b", None),
            ("a/b/new", file("2", new)),
            ("any", file("1", new)),
            ("script", file("2", 0o755)),
        ];
        assert_eq!(snapshot(root), wanted.map(|(path, file)| (root.join(path), file)).into());
    }

    #[test]
    fn a_failed_rename_undoes_the_ones_before_it() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs_err::write(root.join("first"), "1").unwrap();
        fs_err::write(root.join("gone"), "1").unwrap();
        fs_err::create_dir_all(root.join("blocked/by/a/directory")).unwrap();
        let before = snapshot(root);

        let steps =
            [write("first", "2"), write("new/file", "2"), Step::Remove("gone".into()), write("blocked/by", "2")];
        let error = format!("{:#}", commit(root, &steps).unwrap_err());
        assert!(error.contains("nothing was changed") && error.contains("blocked/by"), "{error}");
        assert_eq!(snapshot(root), before);
    }

    #[test]
    fn what_is_removed_first_and_written_last_comes_back_too() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs_err::write(root.join("manifest"), "1").unwrap();
        let before = snapshot(root);
        let steps = || vec![Step::Remove("manifest".into()), write("file", "2"), write("manifest", "2")];
        commit(root, &[steps(), vec![Step::Remove("absent".into())]].concat()).unwrap_err();
        assert_eq!(snapshot(root), before);
        commit(root, &steps()).unwrap();
        assert_eq!(fs_err::read(root.join("manifest")).unwrap(), b"2");
    }

    #[test]
    fn what_a_killed_run_left_goes_and_what_a_living_one_needs_stays() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let staged = |process: u32| root.join(format!("{STAGED}{process}-x"));
        // No process has a number beyond the limit of 64-bit kernels, 1 << 22.
        let (dead, living) = (staged(u32::MAX), staged(std::process::id()));
        fs_err::write(&dead, "1").unwrap();
        fs_err::write(&living, "1").unwrap();
        commit(root, &[write("file", "2")]).unwrap();
        assert!(!dead.exists() && living.exists());
    }

    #[test]
    fn only_files_are_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs_err::write(root.join("file"), "1").unwrap();
        std::os::unix::fs::symlink("file", root.join("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("dangling")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
        for (name, kind) in [("link", "symbolic link"), ("dangling", "symbolic link"), ("socket", "a device, a pipe")] {
            for step in [write(name, "2"), Step::Remove(name.into())] {
                let before = root.join(name).symlink_metadata().unwrap().ino();
                let error = format!("{:#}", commit(root, &[write("file", "2"), step]).unwrap_err());
                assert!(error.contains(name) && error.contains(kind), "{error}");
                assert_eq!(root.join(name).symlink_metadata().unwrap().ino(), before);
                assert_eq!(fs_err::read(root.join("file")).unwrap(), b"1");
            }
        }
    }

    #[test]
    fn what_cannot_be_staged_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs_err::write(root.join("file"), "1").unwrap();
        let before = snapshot(root);
        let error = format!("{:#}", commit(root, &[write("file", "2"), write("file/below", "2")]).unwrap_err());
        assert!(error.contains("file"), "{error}");
        assert_eq!(snapshot(root), before);
    }
}
