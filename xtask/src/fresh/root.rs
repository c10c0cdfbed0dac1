// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The root directory of one run, which does not outlive it.

use super::base;
use anyhow::Context;
use duct::cmd;
use kernel_lab::{process, progress, workspace};
use std::collections::BTreeSet;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// Removes the directory `$1` once standard input ends. A process that is still dying there may create files meanwhile,
/// hence the repetition. Nothing is mounted there: the mounts of the commands are in a namespace of theirs.
const REMOVE_AT_END: &str = r#"
cat >/dev/null
for attempt in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf --one-file-system -- "$1" && [ ! -e "$1" ] && exit 0
    sleep 0.5
done
exit 1
"#;

/// An unpacked root. A process in a separate session removes it when this value is dropped or this process is killed.
pub struct Root {
    path: PathBuf,
    remover: Option<Remover>,
}

impl Root {
    /// Unpacks an archive into a directory below `target/fresh/`.
    ///
    /// # Errors
    /// The archive cannot be unpacked.
    pub fn unpack(archive: &Path) -> anyhow::Result<Self> {
        let path = base::directory().join(format!("root-{}", std::process::id()));
        let _spinner = progress::spinner("Unpacking", workspace::shown(archive));
        let root = Self { remover: Some(Remover::watch(&path)?), path };
        fs_err::create_dir_all(&root.path)?;
        let unpack = cmd!("tar", "--extract", "--numeric-owner", "--directory", &root.path, "--file", archive);
        process::output_of(&format!("unpacking of {}", archive.display()), &unpack)?;
        Ok(root)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the directory, so that a person can inspect it.
    pub fn keep(&mut self) {
        if let Some(remover) = self.remover.take() {
            remover.dismiss();
        }
    }

    /// The names of the packages that are installed in it.
    ///
    /// # Errors
    /// dpkg cannot read its database.
    pub fn packages(&self) -> anyhow::Result<BTreeSet<String>> {
        let database = format!("--admindir={}", self.path.join("var/lib/dpkg").display());
        let list = cmd!("dpkg-query", database, "--show", "--showformat=${Package}\n");
        Ok(process::output_of("dpkg-query", &list)?.lines().map(str::to_owned).collect())
    }
}

/// A process that waits for the end of this one.
struct Remover {
    child: Child,
    /// Its standard input, which the kernel closes however this process ends.
    input: Option<ChildStdin>,
}

impl Remover {
    fn watch(path: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", REMOVE_AT_END, "sh"]).arg(path).stdin(Stdio::piped()).stdout(Stdio::null());
        // In a separate group an interrupt from the terminal does not reach it.
        command.process_group(0);
        let mut child = command.spawn().context("sh cannot be started")?;
        Ok(Self { input: child.stdin.take(), child })
    }

    /// Ends it without a removal.
    fn dismiss(mut self) {
        // Open until the process has ended: the end of its input is its order to remove.
        let _input = self.input.take();
        // It has ended already if either fails, and the directory is gone then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Remover {
    fn drop(&mut self) {
        let Some(input) = self.input.take() else { return };
        drop(input);
        if !self.child.wait().is_ok_and(|status| status.success()) {
            progress::line("Warning", "the root directory could not be removed; see target/fresh");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_removed_when_it_is_dropped_and_stays_when_it_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        for keep in [false, true] {
            let path = directory.path().join(format!("root-{keep}"));
            let mut root = Root { remover: Some(Remover::watch(&path).unwrap()), path: path.clone() };
            fs_err::create_dir_all(path.join("deep/er")).unwrap();
            if keep {
                root.keep();
            }
            drop(root);
            assert_eq!(path.exists(), keep);
        }
    }

    #[test]
    fn a_root_is_removed_when_its_process_is_killed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root");
        fs_err::create_dir_all(path.join("deep")).unwrap();
        // A shell in the place of this process: its child waits on a pipe that only the shell holds open.
        let script = format!("mkfifo fifo; sh -c '{REMOVE_AT_END}' sh root <fifo & exec 3>fifo; echo; read line");
        let mut shell = Command::new("sh")
            .args(["-c", &script])
            .current_dir(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = [0];
        std::io::Read::read_exact(&mut shell.stdout.take().unwrap(), &mut ready).unwrap();
        assert!(path.exists());
        shell.kill().unwrap();
        shell.wait().unwrap();
        let gone = (0..100).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            !path.exists()
        });
        assert!(gone);
    }
}
