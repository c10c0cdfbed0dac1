// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The libraries, built by the command that users run, and programs for them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, PoisonError};

/// Where the libraries are: `include/` and `lib/`.
pub static LIBRARIES: LazyLock<PathBuf> = LazyLock::new(|| {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libraries");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies in the workspace");
    let arguments = ["run", "--quiet", "--locked", "--package", "xtask", "--", "client", "--out"];
    run(Command::new(env!("CARGO")).args(arguments).arg(&out).current_dir(root));
    out
});

/// How a program is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Linking {
    /// With the shared library.
    Shared,
    /// With the archive, and the C library shared.
    Archive,
    /// With the archive, and the C library in it.
    Static,
    /// Without this project's library.
    Plain,
}

/// `programs/<name>.c`, compiled once in this process.
pub fn program(name: &'static str, linking: Linking) -> PathBuf {
    static PROGRAMS: Mutex<BTreeMap<(&str, Linking), PathBuf>> = Mutex::new(BTreeMap::new());
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    programs.entry((name, linking)).or_insert_with(|| compile(name, linking)).clone()
}

fn compile(name: &str, linking: Linking) -> PathBuf {
    let lib = LIBRARIES.join("lib");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libraries/programs").join(name).with_extension("c");
    let program = LIBRARIES.join(format!("{name}-{linking:?}"));
    let mut cc = Command::new("cc");
    cc.args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread"]);
    cc.arg("-I").arg(LIBRARIES.join("include")).arg(source).arg("-o").arg(&program);
    match linking {
        Linking::Shared => {
            cc.arg("-L").arg(&lib).arg("-lvgetrandom").arg(format!("-Wl,-rpath,{}", lib.display()));
        }
        Linking::Archive => drop(cc.arg(lib.join("libvgetrandom.a"))),
        Linking::Static => drop(cc.arg("-static").arg(lib.join("libvgetrandom.a"))),
        Linking::Plain => drop(cc.arg("-ldl")),
    }
    run(&mut cc);
    program
}

/// Runs a command to its good end.
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
