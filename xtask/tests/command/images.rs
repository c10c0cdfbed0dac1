// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask dump`, `diff`, `splice` and `unsplice`.

use crate::{file, streams, xtask};
use vdso_fixtures::object::GOOD;
use vdso_fixtures::object::assemble;

#[test]
fn diff_ends_with_0_for_equal_images_and_prints_a_key_for_each_difference() {
    let directory = tempfile::tempdir().unwrap();
    let bytes = assemble(GOOD);
    let one = file(directory.path(), "one.o", &bytes);
    let mut other = bytes;
    other[48] = 1;
    let other = file(directory.path(), "other.o", &other);
    let (out, _) = streams(0, &["diff".as_ref(), one.as_os_str(), one.as_os_str()]);
    assert!(out.is_empty(), "{out}");
    let (out, _) = streams(1, &["diff".as_ref(), one.as_os_str(), other.as_os_str()]);
    assert_eq!(out, "ehdr.e_flags: 0x0 -> 0x1\n");
    let (out, _) = streams(1, &["diff".as_ref(), "--json".as_ref(), one.as_os_str(), other.as_os_str()]);
    let differences: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(differences, serde_json::json!([{ "key": "ehdr.e_flags", "old": "0x0", "new": "0x1" }]));
}

#[test]
fn dump_running_needs_no_file() {
    let output = xtask(&["dump", "--running"]);
    let [out, err] = [&output.stdout, &output.stderr].map(|stream| String::from_utf8_lossy(stream));
    match output.status.code() {
        Some(0) => assert!(out.contains("\nexport[__vdso_clock_gettime]: version LINUX_2.6, "), "{out}"),
        code => {
            assert!(code == Some(2) && err.contains("the running kernel's image cannot be used: "), "{code:?} {err}")
        }
    }
    for two in [["dump", "--running", "a.so"], ["verify", "--running", "--vmlinux=a"]] {
        let (_, err) = streams(2, &two);
        assert!(err.contains("cannot be used with"), "{err}");
    }
}

#[test]
fn dump_prints_the_same_as_text_and_as_json() {
    let directory = tempfile::tempdir().unwrap();
    let object = file(directory.path(), "good.o", &assemble(GOOD));
    let (text, _) = streams(0, &["dump".as_ref(), object.as_os_str()]);
    assert!(text.contains("\n# ELF header\nehdr: ") && text.contains("e_type ET_REL"), "{text}");
    let (json, _) = streams(0, &["dump".as_ref(), "--json".as_ref(), object.as_os_str()]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["ehdr"]["e_type"], "ET_REL", "{json}");
}

#[test]
fn splice_and_unsplice_create_no_directory() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let (image, deep) = (path("image.so"), path("no/such/result.so"));
    for arguments in [["splice", &image, "--out", &deep], ["unsplice", &image, "--out", &deep]] {
        let (out, err) = streams(2, &arguments);
        assert!(out.is_empty() && err.starts_with("error: ") && !err.contains("Built"), "{out}{err}");
        assert!(err.contains("result.so: there is no directory") && err.contains("create it, or name a file"), "{err}");
    }
    assert!(!directory.path().join("no").exists());
}
