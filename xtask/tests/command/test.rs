// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask test` and `doctor`.

use crate::{codes_without_output, file};
use std::process::Command;

#[test]
fn doctor_lists_tools_that_do_not_work_as_missing() {
    let directory = tempfile::tempdir().unwrap();
    // A compiler that tells its version and compiles nothing, and a program that does not even start.
    let programs = [("gcc", "#!/bin/sh\ntest \"$1\" = --version && echo gcc 1\n"), ("bc", "#!/no/such/interpreter\n")];
    for (name, text) in programs {
        let program = file(directory.path(), name, text.as_bytes());
        std::fs::set_permissions(program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", directory.path().display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = command.args(["doctor", "--json"]).env("PATH", path).env("CC", "gcc").output().unwrap();
    let items: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let missing = |name: &str| {
        let items = items["items"].as_array().expect("a list");
        let item = items.iter().find(|item| item["name"] == name).unwrap_or_else(|| panic!("{name}"));
        item["missing"]["reason"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(output.status.code(), Some(1));
    for trial in ["C programs", "C programs, -m32", "C programs, -mx32", "C programs with libelf"] {
        assert!(missing(trial).starts_with("not compiled: "), "{trial}: {items:#}");
    }
    assert!(missing("bc").contains("bc: could not be started"), "{items:#}");
    assert!(missing("tar").is_empty() && missing("gcc").is_empty(), "{items:#}");
}

#[test]
fn test_names_missing_packages_of_boots_before_its_first_step() {
    let directory = tempfile::tempdir().unwrap();
    // Every step fails at once, because nothing else is on the path.
    let cargo = file(directory.path(), "cargo", b"#!/bin/sh\nexit 1\n");
    std::fs::set_permissions(&cargo, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let test = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["test", "--no-install"]).env("CARGO", &cargo).env("PATH", directory.path());
        command
    };
    let output = test().output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    let skipping = err.find("Skipping kernel tests: missing: ").unwrap_or_else(|| panic!("{err}"));
    let first_step = err.find("Testing cargo fmt").unwrap_or_else(|| panic!("{err}"));
    assert!(skipping < first_step && err[skipping..first_step].contains("qemu-system-x86"), "{err}");
    assert!(out.ends_with("skipped\n") && out.contains("failed: build-vdso\n"), "{out}");
    // The same failures without a reader of the results, and where the results are lost.
    assert_eq!(codes_without_output(test), [Some(1), Some(2)]);
}
