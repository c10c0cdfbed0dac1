// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The kernel that the tests boot: built once, and again only when something that goes into it changed.

use super::glue::{self, Glue};
use super::plan::Plan;
use super::source::{self, Source};
use crate::digest::Inputs;
use crate::{process, progress, workspace};
use duct::cmd;
use std::path::{Path, PathBuf};

/// Builds the kernel with glue from the Debian package's source or from a copy of `given`, and returns the image's place.
///
/// # Errors
/// No source, glue that does not fit, or a build that fails.
pub fn build(given: Option<&Path>, object: &Path) -> anyhow::Result<PathBuf> {
    let source = source::obtain(given)?;
    let line = source.tree.line;
    let glue = Glue::load(&glue::folder(), line, object)?;
    let fragment = glue::folder().join(line.name).join("qemu.config");
    let Source { tree, identity, build } = source;

    let mut inputs = Inputs::default();
    inputs.add("source", identity.as_bytes());
    inputs.add("glue", glue.digest().as_bytes());
    inputs.add("config", &fs_err::read(&fragment)?);
    inputs.add("compiler", compiler_version()?.as_bytes());
    let wanted = inputs.finish();

    let image = build.bzimage();
    let stamp = build.output.join("built.sha256");
    if image.exists() && fs_err::read_to_string(&stamp).is_ok_and(|stamp| stamp == wanted) {
        progress::line("Fresh", format_args!("Linux {} with glue, {}", tree.release, workspace::shown(&image)));
        return Ok(image);
    }
    // An image that an interrupted build has replaced already must not be taken for the one of the earlier inputs.
    if stamp.exists() {
        fs_err::remove_file(&stamp)?;
    }
    Plan::apply(&tree, &glue)?.commit()?;
    build.configure(&fragment)?;
    build.build()?;
    fs_err::write(stamp, wanted)?;
    Ok(image)
}

/// What the kernel's compiler calls itself: its Makefile takes gcc, whatever `CC` says in the environment.
fn compiler_version() -> anyhow::Result<String> {
    process::first_line("gcc", &cmd!("gcc", "--version"))
}
