// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The kernels that the tests boot: each built once, and again only when something that goes into it changed.

use super::glue::{self, Glue};
use super::make::Build;
use super::plan::Plan;
use super::source::{self, Source};
use super::tree::Series;
use crate::digest::{Inputs, sha256};
use crate::{process, progress, workspace};
use anyhow::Context;
use duct::cmd;
use std::fmt;
use std::path::{Path, PathBuf};

/// The file with the digest of a finished kernel's inputs.
pub const BUILT: &str = "built.sha256";

/// How much of ours is in a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The object and all of the glue.
    Glue,
    /// The object in the place of the C code, and nothing else.
    ObjectAlone,
}

impl Content {
    /// Whether there are such kernels of a series.
    pub fn is_of(self, series: &Series) -> bool {
        self == Self::Glue || series.object_patch.is_some()
    }

    /// The name of its directory below `target/kernel/`.
    fn directory(self, series: &Series) -> String {
        match self {
            Self::Glue => series.name.to_owned(),
            Self::ObjectAlone => format!("{}-object", series.name),
        }
    }

    fn load(self, series: &Series, object: &Path) -> anyhow::Result<Glue> {
        match self {
            Self::Glue => Glue::load(&glue::directory(), series, object),
            Self::ObjectAlone => {
                let patch = series.object_patch.with_context(|| format!("{} has no C code to replace", series.name))?;
                Glue::of_object_alone(&glue::directory(), series, patch, object)
            }
        }
    }

    fn options(self) -> anyhow::Result<String> {
        match self {
            Self::Glue => glue::options(),
            Self::ObjectAlone => glue::stock_options(),
        }
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Glue => "glue",
            Self::ObjectAlone => "the object alone",
        })
    }
}

/// A kernel that was built.
#[derive(Debug)]
pub struct TestKernel {
    /// Its bzImage.
    pub image: PathBuf,
    /// SHA-256 of the object that Kbuild linked into its vDSO.
    pub object: String,
    /// How it was built.
    pub build: Build,
}

/// Builds a kernel of `series` from the Debian package's source, or from a copy of `given`.
///
/// # Errors
/// No source, glue that does not fit, or a build that fails.
pub fn build(series: &Series, given: Option<&Path>, content: Content, object: &Path) -> anyhow::Result<TestKernel> {
    let source = source::obtain(series, given, &content.directory(series))?;
    let glue = content.load(series, object)?;
    let options = content.options()?;

    let mut inputs = Inputs::default();
    inputs.add("source", source.identity.as_bytes());
    inputs.add("glue", glue.digest().as_bytes());
    inputs.add("config", options.as_bytes());
    inputs.add("compiler", compiler_version()?.as_bytes());
    let wanted = inputs.finish();

    let Source { tree, build, .. } = source;
    let image = build.bzimage();
    // Read after the build: this is the object that was linked.
    let linked = || -> anyhow::Result<String> {
        Ok(sha256(&fs_err::read(build.output.join(tree.series.vdso_dir).join("vgetrandom.o"))?))
    };
    let stamp = build.output.join(BUILT);
    if image.exists() && fs_err::read_to_string(&stamp).is_ok_and(|stamp| stamp == wanted) {
        progress::line("Fresh", format_args!("Linux {} with {content}, {}", tree.release, workspace::shown(&image)));
        return Ok(TestKernel { image, object: linked()?, build });
    }
    // An image that an interrupted build has replaced already must not be taken for the one of the earlier inputs.
    if stamp.exists() {
        fs_err::remove_file(&stamp)?;
    }
    Plan::apply(&tree, &glue)?.commit()?;
    build.configure(&options)?;
    build.build()?;
    fs_err::write(stamp, wanted)?;
    Ok(TestKernel { image, object: linked()?, build })
}

/// The version of the kernel's compiler: its Makefile calls gcc and ignores `CC` in the environment.
fn compiler_version() -> anyhow::Result<String> {
    process::first_line("gcc", &cmd!("gcc", "--version"))
}
