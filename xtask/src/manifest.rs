// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The record of one build: which files and programs `manifest.json` names.

use crate::{link, object, toolchain};
use kernel_lab::workspace;
use std::path::Path;
use vdso_link::link::standalone::Linker;
use vdso_link::manifest::Manifest;
use vdso_link::{CheckedObject, VerifiedImage};

/// Its file name among the results.
pub const FILE_NAME: &str = "manifest.json";

/// The directories of the object's sources.
const SOURCES: [&str; 2] = ["crates/vdso-abi", "crates/vdso-getrandom"];

/// Records a build of `images`, each with its file name.
///
/// # Errors
/// A source cannot be read, or a program does not print its version.
pub fn of(object: &CheckedObject, images: &[(&str, &VerifiedImage)], linker: Linker) -> anyhow::Result<Manifest> {
    let mut manifest = Manifest::new();
    let mut sources = vec![workspace::root().join("Cargo.lock"), link::script()];
    for directory in SOURCES {
        sources.extend(workspace::files_below(&workspace::root().join(directory))?);
    }
    for path in sources {
        manifest.input(path.strip_prefix(workspace::root())?, &fs_err::read(&path)?)?;
    }
    manifest.tool("rustc", &toolchain::rustc_version()?);
    manifest.tool(linker.program(), &toolchain::linker_version(linker)?);

    let name = Path::new(object::FILE_NAME);
    manifest.output(name, object.object().data())?;
    manifest.examined(name, object.report())?;
    for (name, image) in images {
        if let Some(original) = image.original() {
            let name = original.path().file_name().unwrap_or_default();
            manifest.input(Path::new(name), original.data())?;
        }
        manifest.output(Path::new(name), image.image().data())?;
        manifest.examined(Path::new(name), image.report())?;
    }
    Ok(manifest)
}
