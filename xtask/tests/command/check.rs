// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask check`.

use crate::{file, streams};
use vdso_fixtures::object::GOOD;
use vdso_fixtures::object::assemble;

#[test]
fn check_of_a_good_object_ends_with_0_and_counts_all_rules() {
    let directory = tempfile::tempdir().unwrap();
    let good = file(directory.path(), "good.o", &assemble(GOOD));
    let (out, err) = streams(0, &["check".as_ref(), good.as_os_str()]);
    assert!(out.lines().count() > 30 && out.contains(" relocations/kind\n") && !err.contains("error"), "{out}{err}");
    let (out, _) = streams(0, &["check".as_ref(), "--json".as_ref(), good.as_os_str()]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["passed"], &report["schema"]), (&true.into(), &1.into()), "{out}");
}

#[test]
fn check_prints_findings_to_standard_error_and_ends_with_1() {
    let directory = tempfile::tempdir().unwrap();
    let bad = file(directory.path(), "bad.o", &assemble(&GOOD.replacen("\tmov\t%rcx, %rbx\n", "\trdtsc\n", 1)));
    let (out, err) = streams(1, &["check".as_ref(), bad.as_os_str()]);
    assert!(
        out.is_empty()
            && err.starts_with("error[code/forbidden]: forbidden instruction\n")
            && err.contains("found: `rdtsc` (0f 31)\n"),
        "{out}{err}"
    );
    assert!(err.ends_with("bad.o: 1 finding\n") && !err.contains('\x1b'), "{err}");
    let (out, err) = streams(1, &["check".as_ref(), "--json".as_ref(), bad.as_os_str()]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["findings"][0]["rule"], "code/forbidden", "{out}");
    assert!(err.contains("1 finding"), "{err}");
}

#[test]
fn check_of_an_image_names_verify() {
    let (_, err) = streams(1, &["check", "/bin/sh"]);
    assert!(
        err.starts_with("error[header/identity]: ")
            && err.contains("found: ET_DYN\n")
            && err.contains("`cargo xtask verify`"),
        "{err}"
    );
}

#[test]
fn check_with_named_rules_applies_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let bad = file(directory.path(), "bad.o", &assemble(&GOOD.replacen("\tmov\t%rcx, %rbx\n", "\trdtsc\n", 1)));
    let check =
        |code, rules: &str| streams(code, &["check".as_ref(), bad.as_os_str(), "--rules".as_ref(), rules.as_ref()]);
    let (out, _) = check(0, "relocations/kind,header");
    assert_eq!(out.lines().count(), 3, "{out}");
    let (_, err) = check(1, "header,code");
    assert!(err.starts_with("error[code/forbidden]") && err.ends_with("bad.o: 1 finding\n"), "{err}");
    let (_, err) = check(2, "code/forbid");
    assert!(err.contains("\"code/forbid\": no such rule or family; did you mean code/forbidden"), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    let (out, _) = check(0, " Relocations/Kind, header,");
    assert_eq!(out.lines().count(), 3, "{out}");
    let (_, err) = check(2, ",");
    assert!(err.contains("--rules: no rule is named"), "{err}");
    let (_, err) = check(2, "image-dynamic");
    assert!(err.contains("bad.o: none of these rules applies to such a file"), "{err}");
}
