// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The linker stage of `build-vdso`.

use crate::toolchain;
use anyhow::anyhow;
use duct::cmd;
use kernel_lab::{process, workspace};
use std::path::{Path, PathBuf};
use vdso_link::link::advice::advice;
use vdso_link::link::standalone::{Linker, StandaloneLink};
use vdso_link::{CheckedObject, Image, LinkedImage};

/// The stand-alone image in both its forms.
pub struct Standalone {
    /// With the symbol table, for debuggers and tests.
    pub debug: LinkedImage,
    /// Without it: what a kernel would map.
    pub stripped: LinkedImage,
}

/// The linker script.
pub fn script() -> PathBuf {
    workspace::root().join("linker/vdso.lds")
}

/// Links the object into the stand-alone image, in `directory`, and strips a copy of it.
///
/// # Errors
/// The linker is missing or failed; the message ends with the remedy if one is known.
pub fn standalone(object: &CheckedObject, linker: Linker, directory: &Path) -> anyhow::Result<Standalone> {
    let output = directory.join("vdso64.so.dbg");
    let link = StandaloneLink { linker, object, script: &script(), output: &output };
    process::output_of("the linker", &cmd(toolchain::linker(linker)?, link.arguments())).map_err(explained)?;
    let debug = link.finish()?;

    let stripped = directory.join("vdso64.so");
    toolchain::strip(&output, &stripped)?;
    let stripped = LinkedImage {
        image: Image::read(&stripped)?,
        layout: debug.layout,
        exports: debug.exports,
        original: debug.original.clone(),
        object: debug.object.clone(),
    };
    Ok(Standalone { debug, stripped })
}

/// Appends advice to the linker's failure.
fn explained(error: anyhow::Error) -> anyhow::Error {
    let mut message = error.to_string();
    for advice in advice(&message) {
        message.push_str("\nhelp: ");
        message.push_str(&advice);
    }
    anyhow!(message)
}
