// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `vdso-verify`, as a build system runs it.

use crate::layouts;
use crate::splice::bare;
use std::path::Path;
use std::process::{Command, Stdio};
use vdso_fixtures::base::Base;
use vdso_fixtures::object;
use vdso_link::link::splice::splice;

/// Exit code, standard output and standard error.
fn ran(arguments: &[&Path]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_vdso-verify")).args(arguments).output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code(), out, err)
}

#[test]
fn exit_codes_stand_where_nothing_can_be_said() {
    let folder = tempfile::tempdir().unwrap();
    let [good, text] = ["good.so", "text"].map(|name| folder.path().join(name));
    let spliced = splice(object::good(), Base::WITHOUT_GETRANDOM.image()).unwrap();
    std::fs::write(&good, spliced.image.data()).unwrap();
    std::fs::write(&text, "text").unwrap();
    let code = |file: &Path, output: Stdio, errors: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vdso-verify"));
        command.arg(file).stdout(output).stderr(errors).status().unwrap().code()
    };
    let full = || Stdio::from(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let closed = || {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        Stdio::from(writer)
    };
    assert_eq!(code(&good, full(), Stdio::null()), Some(2), "an answer that is lost is none");
    assert_eq!(code(&good, full(), full()), Some(2));
    assert_eq!(code(&good, closed(), Stdio::null()), Some(0), "a reader that closed the pipe has seen enough");
    assert_eq!(code(&text, Stdio::null(), full()), Some(2));
    assert_eq!(code(&text, Stdio::null(), closed()), Some(2));
}

#[test]
fn exit_codes_and_words_are_those_of_a_build_tool() {
    let folder = tempfile::tempdir().unwrap();
    let [good, bad, text] = ["good.so", "bad.so", "text"].map(|name| folder.path().join(name));
    let spliced = splice(object::good(), Base::WITHOUT_GETRANDOM.image()).unwrap();
    let mut data = spliced.image.data().to_vec();
    std::fs::write(&good, &data).unwrap();
    data[24] ^= 0x40; // e_entry
    std::fs::write(&bad, &data).unwrap();
    std::fs::write(&text, "text").unwrap();
    let quiet = Path::new("--quiet");

    assert_eq!(ran(&[quiet, &good]), (Some(0), String::new(), String::new()));
    let (code, out, err) = ran(&[&good]);
    assert!(code == Some(0) && out.contains("no finding") && err.is_empty(), "{code:?} {out} {err}");

    let (code, out, err) = ran(&[quiet, &good, &bad]);
    assert!(code == Some(1) && out.is_empty(), "{code:?} {out}");
    assert!(err.starts_with("error[image-untouched/undo]: ") && err.ends_with("bad.so: 1 finding\n"), "{err}");

    // A file that cannot be read outranks findings.
    let (code, _, err) = ran(&[&text, &bad]);
    assert!(code == Some(2) && err.contains("no ELF file") && err.contains("bad.so: 1 finding"), "{code:?} {err}");
    for wrong in [&[][..], &[quiet], &[Path::new("--loud"), &good]] {
        let (code, _, err) = ran(wrong);
        assert!(code == Some(2) && err.contains("usage: vdso-verify"), "{code:?} {err}");
    }
}

#[test]
fn vdso_verify_gives_advice_that_its_user_can_follow() {
    let folder = tempfile::tempdir().unwrap();
    let spliced = splice(object::good(), Base::WITHOUT_GETRANDOM.image()).unwrap();
    let bad = folder.path().join("bad.so");
    let mut data = spliced.image.data().to_vec();
    data[24] ^= 0x40; // e_entry
    std::fs::write(&bad, &data).unwrap();
    let (_, _, err) = ran(&[&bad]);
    assert!(
        err.contains("see: vdso-verify --explain image-untouched/undo\n") && !err.contains("cargo xtask explain"),
        "{err}"
    );
    let option = Path::new("--explain");
    let (code, out, err) = ran(&[option, Path::new("image-untouched/undo")]);
    assert!(
        code == Some(0) && out.starts_with("image-untouched/undo: splice cannot be undone\n\nRequirement: "),
        "{code:?} {out} {err}"
    );
    for wrong in [&[option][..], &[option, Path::new("code/forbidden")], &[Path::new("--dbg")]] {
        let (code, _, err) = ran(wrong);
        assert!(code == Some(2) && err.starts_with("error: ") && err.contains("usage: vdso-verify"), "{code:?} {err}");
    }
}

#[test]
fn vdso_verify_takes_the_layout_of_an_unknown_kernel_from_its_debug_file() {
    let folder = tempfile::tempdir().unwrap();
    // A series that is in no table; its symbols tell the layout.
    let unstripped = layouts::image(Some(0x07_09_00), layouts::OWN);
    let [image, debug] = ["stripped.so", "debug.so"].map(|name| folder.path().join(name));
    std::fs::write(&debug, unstripped.data()).unwrap();
    std::fs::write(&image, bare(&unstripped).data()).unwrap();
    let (code, _, err) = ran(&[&image]);
    assert!(code == Some(2) && err.contains("with --dbg or in place of the image"), "{code:?} {err}");
    // Findings, because the image has no function of ours: its layout is known.
    let (code, _, err) = ran(&[&debug]);
    assert!(code == Some(1) && err.contains("--explain image-exports/"), "{code:?} {err}");
    let (code, _, err) = ran(&[Path::new("--dbg"), &debug, &image]);
    assert!(code == Some(1) && err.contains("--explain image-exports/"), "{code:?} {err}");
}

#[test]
fn vdso_verify_prints_its_version() {
    let version = format!("vdso-verify {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(ran(&[Path::new("--version")]), (Some(0), version, String::new()));
}
