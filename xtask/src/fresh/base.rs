// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The bare root as an archive: made once by mmdebstrap, unpacked by each run.

use super::machine::Machine;
use duct::cmd;
use kernel_lab::digest::Inputs;
use kernel_lab::{process, progress, workspace};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The packages beside the essential ones and apt: a C compiler and linker, without which Rust links nothing, git, by
/// which the checkout came, and the certificates of the registries.
const PACKAGES: &str = "gcc,libc6-dev,git,ca-certificates";

/// The directory of everything that this command keeps.
pub fn directory() -> PathBuf {
    workspace::target().join("fresh")
}

/// The archive for the machine's release, made if it is missing.
///
/// # Errors
/// The mirror fails, or lacks a package; the message ends with mmdebstrap's last lines.
pub fn archive(machine: &Machine) -> anyhow::Result<PathBuf> {
    archive_in(&directory(), machine)
}

fn archive_in(directory: &Path, machine: &Machine) -> anyhow::Result<PathBuf> {
    let mut inputs = Inputs::default();
    inputs.add("source", machine.source().as_bytes());
    inputs.add("packages", PACKAGES.as_bytes());
    let place = directory.join(format!("base-{}.tar", &inputs.finish()[..8]));
    if place.exists() {
        return Ok(place);
    }
    fs_err::create_dir_all(directory)?;
    // The options of apt can hold a password.
    fs_err::set_permissions(directory, Permissions::from_mode(0o700))?;
    let partial = directory.join(format!("base-{}.partial.tar", std::process::id()));
    let acquire = directory.join("acquire.conf");
    fs_err::write(&acquire, machine.acquire())?;
    let _spinner = progress::spinner("Making", format_args!("a bare Debian {} root", machine.release()));
    let make = cmd!(
        "mmdebstrap",
        "--mode=root",
        "--variant=apt",
        "--format=tar",
        format!("--include={PACKAGES}"),
        format!("--aptopt={}", acquire.display()),
        machine.release(),
        &partial,
        machine.source().trim_end()
    );
    process::run_logged("mmdebstrap", &make, &directory.join("mmdebstrap.log"))?;
    fs_err::rename(&partial, &place)?;
    Ok(place)
}
