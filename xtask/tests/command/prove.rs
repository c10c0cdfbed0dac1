// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask prove-cipher`.

use crate::{file, streams};
use vdso_abi::routines::CIPHER_ROUTINES;
use vdso_fixtures::products;

#[test]
fn prove_cipher_prints_theorem_and_one_line_for_each_routine() {
    let image = products::directory().join("vdso64.so");
    let (out, err) = streams(0, &["prove-cipher".as_ref(), image.as_os_str()]);
    assert!(out.starts_with("Theorem\n") && out.contains("\nAssumptions\n") && out.contains("\nClaims\n"), "{out}");
    for routine in CIPHER_ROUTINES {
        assert!(out.contains(&format!("  {:<28} proved: ", routine.name)), "{out}");
    }
    assert!(err.contains("Proved") && err.contains("6 routines"), "{err}");
}

#[test]
fn prove_cipher_of_another_file_names_what_is_missing() {
    let (_, err) = streams(1, &["prove-cipher", "/bin/true"]);
    for routine in CIPHER_ROUTINES {
        assert!(err.contains(&format!("{}: no symbol has this name\n", routine.name)), "{err}");
    }
    assert!(err.ends_with("/bin/true: not proved, 6 findings\n"), "{err}");
    let directory = tempfile::tempdir().unwrap();
    let text = file(directory.path(), "text.o", b"text");
    let (out, err) = streams(2, &["prove-cipher".as_ref(), text.as_os_str()]);
    assert!(!out.contains("proved:") && err.contains("text.o"), "{err}");
}
