// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Builds the object: one `rustc --emit=obj`, the same bytes in every directory.

use crate::toolchain::{TARGET, cargo};
use duct::cmd;
use kernel_lab::{process, workspace};
use std::path::Path;
use vdso_link::Object;

/// The file name of the object.
pub const FILE_NAME: &str = "vgetrandom.o";

/// Code generation, each with its reason.
const CODEGEN: [&str; 13] = [
    "relocation-model=pic",
    // The baseline of x86-64, also if the user's configuration prefers more: wider code checks the data page first.
    "target-cpu=x86-64",
    "opt-level=3",
    // One unit, so that calls within the crate are direct and the bytes do not depend on the number of threads.
    "codegen-units=1",
    "panic=abort",
    // A signal handler may run on the same stack, and the kernel builds its own image like this.
    "no-redzone=yes",
    // A jump table is an indirect jump through read-only data.
    "jump-tables=no",
    "force-unwind-tables=yes",
    "force-frame-pointers=yes",
    // Vector registers would keep what passed through them (contract M2).
    "no-vectorize-loops",
    "no-vectorize-slp",
    "debuginfo=0",
    "overflow-checks=no",
];

/// Builds the object unless it is up to date.
///
/// # Errors
/// The compiler failed; the message holds its output.
pub fn build() -> anyhow::Result<Object> {
    // A separate directory: Cargo does not rebuild an unchanged crate whose object is missing, so the directory is removed.
    let target = workspace::target().join("object");
    let path = target.join(FILE_NAME);
    if target.exists() && !path.exists() {
        fs_err::remove_dir_all(&target)?;
    }
    fs_err::create_dir_all(&target)?;
    process::output_of("the build of the object", &command(&target, &path)?)?;
    Ok(Object::read(&path)?)
}

fn command(target: &Path, path: &Path) -> anyhow::Result<duct::Expression> {
    let mut arguments: Vec<String> = ["rustc", "--locked", "--release", "--package", "vdso-getrandom", "--lib"]
        .into_iter()
        .chain(["--crate-type", "lib", "--target", TARGET])
        .map(str::to_owned)
        .collect();
    arguments.extend(["--target-dir".to_owned(), target.display().to_string(), "--".to_owned()]);
    arguments.extend(CODEGEN.iter().map(|option| format!("-C{option}")));
    arguments.push(format!("--remap-path-prefix={}=.", workspace::root().display()));
    arguments.push(format!("--emit=obj={}", path.display()));
    Ok(cmd(cargo()?, arguments)
        .dir(workspace::root())
        // The user's flags would change the bytes; the empty variable overrides every other source of flags.
        .env("CARGO_ENCODED_RUSTFLAGS", "")
        .env_remove("RUSTFLAGS"))
}
