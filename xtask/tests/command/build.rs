// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask build-vdso`, and the inputs of the commands that build.

use crate::{file, streams};
use vdso_fixtures::base::Base;
use vdso_fixtures::object::GOOD;
use vdso_fixtures::object::assemble;

#[test]
fn inputs_and_outputs_are_checked_before_the_object_is_built() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let (missing, object) = (path("missing.so"), path("good.o"));
    std::fs::write(&object, assemble(GOOD)).unwrap();
    let tree = path("tree");
    std::fs::create_dir(&tree).unwrap();
    let commands: [(&[&str], &str); 11] = [
        (&["build-vdso", "--image", &missing], "missing.so: No such file"),
        (&["build-vdso", "--image", &object], "good.o: no note of owner Linux"),
        (&["build-vdso", "--image", &object, "--dbg", &missing], "missing.so: No such file"),
        (&["build-vdso", "--dbg", &object], "--image"),
        (&["build-vdso", "--out", "/dev/null/vdso"], "/dev/null: not a directory"),
        (&["build-vdso", "--out", "/proc/vdso"], "/proc: not writable"),
        (&["build-vdso", "--kernel", &tree], "not a kernel tree"),
        (&["splice", &missing, "--out", &path("out.so")], "missing.so: No such file"),
        (&["test", "--kernel", &tree], "not a kernel tree"),
        (&["boot", "--kernel", &tree], "not a kernel tree"),
        (&["boot", "--image", &object], "good.o: not a bzImage"),
    ];
    for (arguments, why) in commands {
        let (out, err) = streams(2, arguments);
        assert!(out.is_empty() && err.starts_with("error: ") && err.contains(why), "{arguments:?}: {err}");
        let steps = ["Built", "Testing", "Unpacking", "Checked"];
        assert!(!steps.iter().any(|step| err.contains(step)), "{arguments:?}: {err}");
    }
}

#[test]
fn build_vdso_reads_the_layout_of_an_unknown_kernel_from_its_debug_file() {
    let directory = tempfile::tempdir().unwrap();
    let symbols = &[("vdso_u_data", -0x6000), ("vdso_u_time_data", -0x6000), ("vdso_u_rng_data", -0x4000)];
    let unknown = Base { version: Some(0x07_09_00), symbols, ..Base::WITH_GETRANDOM }.link(directory.path());
    let mut stripped = unknown.data().to_vec();
    // The section header that leads to the symbols, of type SHT_SYMTAB, becomes one of SHT_PROGBITS.
    let number =
        |at: usize, len: usize| (0..len).rev().fold(0, |sum, byte| sum << 8 | usize::from(stripped[at + byte]));
    let headers: Vec<usize> = (0..number(60, 2)).map(|index| number(40, 8) + 64 * index).collect();
    let symbols = *headers.iter().find(|header| number(**header + 4, 4) == 2).expect("a symbol table");
    stripped[symbols + 4] = 1;
    let debug = file(directory.path(), "image.so.dbg", unknown.data()).display().to_string();
    let image = file(directory.path(), "image.so", &stripped).display().to_string();
    let out = directory.path().join("out").display().to_string();
    let (_, err) = streams(2, &["build-vdso", "--image", &image, "--out", &out]);
    assert!(err.contains("Linux 7.9.0") && err.contains("with --dbg") && !err.contains("Built"), "{err}");
    let (_, err) = streams(0, &["build-vdso", "--image", &image, "--dbg", &debug, "--out", &out]);
    assert!(err.contains("Spliced spliced.so") && err.contains("the kernel that its symbols describe"), "{err}");
}
