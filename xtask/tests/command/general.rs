// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Exit codes, messages and options that all commands have in common.

use crate::{file, streams};
use std::process::Command;

#[test]
fn unreadable_input_ends_with_2_and_one_message() {
    let directory = tempfile::tempdir().unwrap();
    let text = file(directory.path(), "text.o", b"no ELF file");
    let missing = directory.path().join("missing.o");
    for command in ["check", "verify", "dump"] {
        let (out, err) = streams(2, &[command.as_ref(), text.as_os_str()]);
        assert!(out.is_empty() && err.contains("text.o: at offset 0x0: no ELF file; wanted"), "{err}");
        let (out, err) = streams(2, &[command.as_ref(), missing.as_os_str()]);
        assert!(out.is_empty() && err.contains("missing.o: No such file"), "{err}");
    }
    let (_, err) = streams(2, &["diff".as_ref(), text.as_os_str(), text.as_os_str()]);
    assert!(err.contains("no ELF file"), "{err}");
    let (_, err) = streams(2, &["explain", "no/such-rule"]);
    assert!(err.contains("\"no/such-rule\": no such rule or family; "), "{err}");
    let (_, err) = streams(2, &["boot", "--client", "unknown"]);
    assert!(err.contains("unknown") && err.contains("possible values: glibc, "), "{err}");
    streams(2, &["check"]);
    streams(2, &["no-such-command"]);
}

#[test]
fn explain_prints_requirement_reason_and_consequence() {
    let (out, err) = streams(0, &["explain", "image-consumers/go"]);
    for part in ["image-consumers/go: ", "\nRequirement: ", "\nReason: ", "\nBreaks: "] {
        assert!(out.contains(part) && err.is_empty(), "{out}{err}");
    }
    let (out, _) = streams(0, &["explain", "header"]);
    assert!(
        out.starts_with("header/identity: ")
            && out.contains("\n\nheader/stack-note: ")
            && out.contains("\n\nRequirement: "),
        "{out}"
    );
}

#[test]
fn version_is_that_of_the_workspace() {
    let version = format!("cargo xtask {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(streams(0, &["--version"]), (version, String::new()));
}

#[test]
fn build_vdso_names_a_missing_cargo() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = command.arg("build-vdso").env_remove("CARGO").env("PATH", "/nonexistent").output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.starts_with("error: cargo: not on the path; install Rust"), "{err}");
}

#[test]
fn runs_that_test_nothing_or_do_not_fit_are_rejected_before_a_build() {
    for (arguments, why) in [
        (&["soak", "--words", "0"][..], "0 is not in 1.."),
        (&["soak", "--seconds", "0"], "0 is not in 1.."),
        (&["inject", "--by-timer", "0"], "0 is not in 1.."),
        (&["fuzz", "--runs", "0"], "0 is not in 1.."),
        (&["soak", "--words", "99999999999999"], " MB available; name at most "),
        (&["soak", "--words", "18446744073709551615"], " MB available; name at most "),
    ] {
        let (out, err) = streams(2, arguments);
        assert!(out.is_empty() && err.starts_with("error: ") && err.contains(why), "{arguments:?}: {err}");
        assert!(!err.contains("Built") && !err.contains("Soaking"), "{arguments:?}: {err}");
    }
}
