// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `manifest.json`: its form, its order, and what it does not tell.

use std::path::Path;
use vdso_link::Report;
use vdso_link::manifest::Manifest;

/// Records the same things, in the order that `reverse` says.
fn manifest(reverse: bool) -> Manifest {
    let mut manifest = Manifest::new();
    let mut files = [("linker/vdso.lds", "script"), ("vgetrandom.o", "")];
    if reverse {
        files.reverse();
    }
    for (path, content) in files {
        manifest.input(Path::new(path), content.as_bytes()).unwrap();
        manifest.output(Path::new(path).file_name().unwrap().as_ref(), content.as_bytes()).unwrap();
    }
    manifest.tool("rustc", "rustc 1.95.0\nhost: x86_64-unknown-linux-gnu\n");
    let report = Report { subject: "somewhere/vgetrandom.o".into(), examinations: Vec::new() };
    manifest.examined(Path::new("vgetrandom.o"), &report).unwrap();
    manifest
}

#[test]
fn the_form_is_this() {
    // The digests are those of `printf script | sha256sum` and of nothing.
    let wanted = r#"{
  "inputs": {
    "linker/vdso.lds": {
      "size": 6,
      "sha256": "21a0270b7f66a1e4c25933f13a1e5a1bbb4757578072930c8189131f9c6aaae1"
    },
    "vgetrandom.o": {
      "size": 0,
      "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    }
  },
  "tools": {
    "rustc": "rustc 1.95.0"
  },
  "examined": {
    "vgetrandom.o": {}
  },
  "outputs": {
    "vdso.lds": {
      "size": 6,
      "sha256": "21a0270b7f66a1e4c25933f13a1e5a1bbb4757578072930c8189131f9c6aaae1"
    },
    "vgetrandom.o": {
      "size": 0,
      "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    }
  }
}
"#;
    assert_eq!(manifest(false).to_json(), wanted);
}

#[test]
fn the_order_of_recording_does_not_show() {
    assert_eq!(manifest(false).to_json(), manifest(true).to_json());
}

#[test]
fn names_that_tell_a_place_are_refused() {
    let mut manifest = Manifest::new();
    for path in ["/somewhere/vgetrandom.o", "../vgetrandom.o", "target/../vgetrandom.o", ""] {
        assert!(manifest.input(Path::new(path), b"").is_err(), "{path:?}");
        assert!(manifest.output(Path::new(path), b"").is_err(), "{path:?}");
    }
    assert_eq!(manifest, Manifest::new());
}
