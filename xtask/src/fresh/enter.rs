// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Running a command in the root, in namespaces of mounts and processes that end with it.

use crate::toolchain;
use anyhow::ensure;
use duct::{Expression, cmd};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where the Rust toolchain is mounted in the root.
const TOOLCHAIN: &str = "opt/rust";

/// The script of the first process in the namespaces: mounts what a machine has, and runs the command.
///
/// The shell stays, because process 1 has to collect orphans, which Cargo does not do.
const INSIDE: &str = r#"
root=$1 toolchain=$2 checkout=$3
shift 3
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mkdir -p "$root/opt/rust"
mount --bind -o ro "$toolchain" "$root/opt/rust"
chroot "$root" /bin/sh -c 'cd "/$0" && exec "$@"' "$checkout" "$@"
exit $?
"#;

/// The Rust toolchain of this machine.
pub struct Toolchain(PathBuf);

impl Toolchain {
    /// Finds it.
    ///
    /// # Errors
    /// There is no toolchain, or it has no Cargo.
    pub fn find() -> anyhow::Result<Self> {
        let sysroot = toolchain::sysroot()?;
        let cargo = sysroot.join("bin/cargo");
        ensure!(
            cargo.exists(),
            "fresh: {}: no such file; the root needs a toolchain that holds rustc and cargo in one directory, as rustup installs it",
            cargo.display()
        );
        ensure!(
            !sysroot.join("bin/env").exists(),
            "fresh: {}: holds more programs than the toolchain, so that the root would not be bare; use a toolchain of rustup",
            sysroot.display()
        );
        Ok(Self(sysroot))
    }
}

/// A command that runs in `root` as on a machine: file systems, path, home directory and `environment`, and no input.
///
/// All its processes are killed when this process ends, and the mounts end with them.
pub fn command<'text>(
    root: &Path,
    checkout: &str,
    toolchain: &Toolchain,
    environment: impl Iterator<Item = (&'text str, &'text str)>,
    command: &[&str],
) -> Expression {
    let path = format!("/{TOOLCHAIN}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    let mut arguments: Vec<OsString> = ["--pdeathsig", "KILL", "--", "unshare", "--mount", "--propagation", "private"]
        .iter()
        .chain(&["--pid", "--fork", "--kill-child=KILL", "--"])
        .map(OsString::from)
        .collect();
    arguments.extend(["sh", "-euc", INSIDE, "sh"].map(OsString::from));
    arguments.extend([root.into(), toolchain.0.clone().into(), checkout.into()]);
    arguments.extend(command.iter().map(OsString::from));
    // Not as arguments: every user sees those, and an address of a proxy can hold a password.
    let own = [("HOME".to_owned(), "/root".to_owned()), ("PATH".to_owned(), path)];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    cmd("setpriv", arguments).full_env(environment.chain(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_mounts_the_toolchain_where_the_path_leads() {
        assert!(INSIDE.contains(&format!("$root/{TOOLCHAIN}\"")));
    }
}
