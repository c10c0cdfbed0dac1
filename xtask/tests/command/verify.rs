// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask verify`.

use crate::{file, streams};
use std::path::Path;
use std::process::Command;
use vdso_fixtures::object::GOOD;
use vdso_fixtures::object::assemble;
use vdso_fixtures::toolchain::rust_lld;
use vdso_fixtures::toolchain::standalone_script;
use vdso_link::link::standalone::Linker;
use vdso_link::link::standalone::StandaloneLink;

#[test]
fn verify_of_a_program_limits_the_printed_findings() {
    let (out, err) = streams(1, &["verify", "/bin/true"]);
    assert!(out.is_empty() && err.lines().count() < 1000, "{err}");
    assert!(err.contains(" more findings of this rule; --json lists all\n"), "{err}");
    let (out, _) = streams(1, &["verify", "--json", "/bin/true"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let count = report["findings"].as_array().expect("a list").len();
    assert!(err.ends_with(&format!("/bin/true: {count} findings\n")), "{err}");
}

#[test]
fn verify_rejects_a_file_larger_than_images() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("large.so");
    let mut data = std::fs::read("/bin/true").unwrap();
    // The first program header with content, made as large as a kernel's module.
    data.resize(1 << 20, 0);
    data[64 + 32..][..8].copy_from_slice(&(1_u64 << 20).to_le_bytes());
    std::fs::write(&file, data).unwrap();
    let (out, err) = streams(2, &["verify", file.to_str().unwrap()]);
    assert!(out.is_empty() && err.contains("where at most 65536 are looked at; name a vDSO image"), "{err}");
}

#[test]
fn verify_with_the_object_rejects_an_image_with_other_code() {
    let directory = tempfile::tempdir().unwrap();
    let object = file(directory.path(), "good.o", &assemble(GOOD));
    let image = directory.path().join("good.so");
    let checked = vdso_link::check(vdso_link::Object::read(&object).unwrap()).unwrap().expect("a good object");
    let link = StandaloneLink { linker: Linker::Lld, object: &checked, script: &standalone_script(), output: &image };
    let linker = Command::new(rust_lld()).args(link.arguments()).status().expect("the linker starts");
    assert!(linker.success());
    let verify = |code, image: &Path| {
        streams(code, &["verify".as_ref(), "--object".as_ref(), object.as_os_str(), image.as_os_str()])
    };
    let (out, err) = verify(0, &image);
    assert!(out.contains(" image-object/code\n"), "{out}{err}");
    // A constant of the cipher.
    let mut data = std::fs::read(&image).unwrap();
    let constants = data.windows(12).position(|bytes| bytes == b"expand 32-by").expect("the constants are there");
    data[constants] = b'E';
    let changed = file(directory.path(), "changed.so", &data);
    streams(0, &["verify".as_ref(), changed.as_os_str()]);
    let (_, err) = verify(1, &changed);
    assert!(err.starts_with("error[image-object/code]: code differs from the checked object\n"), "{err}");
    assert!(err.contains("found: the bytes 45 78"), "{err}");
    // An object that breaks a rule vouches for nothing.
    let bad = file(directory.path(), "bad.o", &assemble(&GOOD.replacen("\tmov\t%rcx, %rbx\n", "\trdtsc\n", 1)));
    let (_, err) = streams(1, &["verify".as_ref(), "--object".as_ref(), bad.as_os_str(), image.as_os_str()]);
    assert!(err.starts_with("error[code/forbidden]") && err.ends_with("bad.o: 1 finding\n"), "{err}");
}

#[test]
fn verify_of_an_object_names_check() {
    let directory = tempfile::tempdir().unwrap();
    let object = file(directory.path(), "good.o", &assemble(GOOD));
    let (_, err) = streams(1, &["verify".as_ref(), object.as_os_str()]);
    assert!(
        err.starts_with("error[image-segments/header]: ")
            && err.contains("found: ET_REL\n")
            && err.contains("`cargo xtask check`"),
        "{err}"
    );
}
