// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The backend for the `getrandom` crate, in a program that is compiled for it: the choice is a flag of the whole build.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use vdso_fixtures::trace;

/// `program.rs`, compiled once with the versions of the workspace.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(compile);

fn compile() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Path::new(env!("CARGO_TARGET_TMPDIR")).join("backend");
    let manifest = format!(
        "[package]\nname = \"backend-program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [[bin]]\nname = \"program\"\npath = {:?}\n\n[dependencies]\nlibc = \"0.2\"\n\
         getrandom_03 = {{ package = \"getrandom\", version = \"0.3\" }}\n\
         getrandom_04 = {{ package = \"getrandom\", version = \"0.4\" }}\n\
         vgetrandom = {{ path = {:?}, features = [\"getrandom_backend\"] }}\n\n[workspace]\n",
        here.join("tests/backend/program.rs"),
        here
    );
    fs::create_dir_all(&project).expect("target is writable");
    fs::write(project.join("Cargo.toml"), manifest).expect("target is writable");
    fs::copy(here.join("../../Cargo.lock"), project.join("Cargo.lock")).expect("the workspace has a lock file");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--offline"]).current_dir(&project);
    cargo.env("CARGO_TARGET_DIR", project.join("target")).env("RUSTFLAGS", "--cfg getrandom_backend=\"custom\"");
    cargo.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
    let output = cargo.output().unwrap_or_else(|error| panic!("{cargo:?}: {error}"));
    assert!(output.status.success(), "{cargo:?}: {}", String::from_utf8_lossy(&output.stderr));
    project.join("target/debug/program")
}

#[test]
fn both_releases_of_the_getrandom_crate_draw_from_this_library() {
    let program = &*PROGRAM;
    let calls = trace::record(|| panic!("exec: {}", Command::new(program).exec()));
    let draws = trace::count(&calls, trace::Call::is_draw);
    // Where the kernel has no function, each is a system call.
    assert!(draws <= 2 || draws == 1000, "{draws} system calls for 1,000 draws");
}

#[test]
fn an_error_reaches_the_caller_of_the_getrandom_crate() {
    let program = &*PROGRAM;
    let mut refused = 0;
    let refuse = |call: &trace::Call| {
        if call.number == libc::SYS_getrandom {
            refused += 1;
            return trace::Answer::Result(-i64::from(libc::EPERM));
        }
        trace::Answer::Kernel
    };
    // All calls of the process: the first draws fail, and the program panics.
    let from_the_start = || {
        trace::begin();
        panic!("exec: {}", Command::new(program).stderr(std::process::Stdio::null()).exec());
    };
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| trace::answer(from_the_start, refuse)));
    assert!(ended.is_err() && refused > 0, "{refused} refused system calls");
}
