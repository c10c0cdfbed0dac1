// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The commands that look at files, as their users meet them: exit codes, and what goes to which stream.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use vdso_fixtures::base::Base;
use vdso_fixtures::object::{GOOD, assemble};
use vdso_fixtures::toolchain::{rust_lld, standalone_script};
use vdso_link::link::standalone::{Linker, StandaloneLink};

/// Runs the command to its end.
fn xtask<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().expect("the command starts")
}

/// What ended with `code` printed, first to standard output, then to standard error.
fn streams<S: AsRef<OsStr>>(code: i32, arguments: &[S]) -> (String, String) {
    let output = xtask(arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the command prints UTF-8");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    (out, err)
}

/// A file with these bytes.
fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("the folder is writable");
    path
}

#[test]
fn a_good_object_ends_with_0_and_the_counts_of_all_rules() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(folder.path(), "good.o", &assemble(GOOD));
    let (out, err) = streams(0, &["check".as_ref(), good.as_os_str()]);
    assert!(out.lines().count() > 30 && out.contains(" relocations/kind\n") && !err.contains("error"), "{out}{err}");
    let (out, _) = streams(0, &["check".as_ref(), "--json".as_ref(), good.as_os_str()]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["passed"], &report["schema"]), (&true.into(), &1.into()), "{out}");
}

#[test]
fn findings_end_with_1_in_words_on_standard_error_without_colour() {
    let folder = tempfile::tempdir().unwrap();
    let bad = file(folder.path(), "bad.o", &assemble(&GOOD.replacen("\tmov\t%rcx, %rbx\n", "\trdtsc\n", 1)));
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
fn what_could_not_be_looked_at_ends_with_2_and_one_message() {
    let folder = tempfile::tempdir().unwrap();
    let text = file(folder.path(), "text.o", b"no ELF file");
    let missing = folder.path().join("missing.o");
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
    let (_, err) = streams(2, &["boot", "--client", "nobody"]);
    assert!(err.contains("nobody") && err.contains("possible values: glibc, "), "{err}");
    streams(2, &["check"]);
    streams(2, &["no-such-command"]);
}

#[test]
fn a_program_breaks_rules_by_the_hundred_and_the_report_stays_readable() {
    let (out, err) = streams(1, &["verify", "/bin/true"]);
    assert!(out.is_empty() && err.lines().count() < 1000, "{err}");
    assert!(err.contains(" more findings of this rule; --json lists all\n"), "{err}");
    let (out, _) = streams(1, &["verify", "--json", "/bin/true"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let count = report["findings"].as_array().expect("a list").len();
    assert!(err.ends_with(&format!("/bin/true: {count} findings\n")), "{err}");
}

#[test]
fn a_file_of_another_size_than_images_is_not_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.so");
    let mut data = std::fs::read("/bin/true").unwrap();
    // The first program header with content, made as large as a kernel's module.
    data.resize(1 << 20, 0);
    data[64 + 32..][..8].copy_from_slice(&(1_u64 << 20).to_le_bytes());
    std::fs::write(&file, data).unwrap();
    let (out, err) = streams(2, &["verify", file.to_str().unwrap()]);
    assert!(out.is_empty() && err.contains("where at most 65536 are looked at; name a vDSO image"), "{err}");
}

#[test]
fn beside_its_object_an_image_with_other_code_does_not_pass() {
    let folder = tempfile::tempdir().unwrap();
    let object = file(folder.path(), "good.o", &assemble(GOOD));
    let image = folder.path().join("good.so");
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
    let changed = file(folder.path(), "changed.so", &data);
    streams(0, &["verify".as_ref(), changed.as_os_str()]);
    let (_, err) = verify(1, &changed);
    assert!(err.starts_with("error[image-object/code]: code differs from the checked object\n"), "{err}");
    assert!(err.contains("found: the bytes 45 78"), "{err}");
    // An object that breaks a rule vouches for nothing.
    let bad = file(folder.path(), "bad.o", &assemble(&GOOD.replacen("\tmov\t%rcx, %rbx\n", "\trdtsc\n", 1)));
    let (_, err) = streams(1, &["verify".as_ref(), "--object".as_ref(), bad.as_os_str(), image.as_os_str()]);
    assert!(err.starts_with("error[code/forbidden]") && err.ends_with("bad.o: 1 finding\n"), "{err}");
}

#[test]
fn an_image_is_no_object_and_is_told_which_command_looks_at_it() {
    let (_, err) = streams(1, &["check", "/bin/sh"]);
    assert!(
        err.starts_with("error[header/identity]: ")
            && err.contains("found: ET_DYN\n")
            && err.contains("`cargo xtask verify`"),
        "{err}"
    );
}

#[test]
fn an_object_is_no_image_and_is_told_which_command_looks_at_it() {
    let folder = tempfile::tempdir().unwrap();
    let object = file(folder.path(), "good.o", &assemble(GOOD));
    let (_, err) = streams(1, &["verify".as_ref(), object.as_os_str()]);
    assert!(
        err.starts_with("error[image-segments/header]: ")
            && err.contains("found: ET_REL\n")
            && err.contains("`cargo xtask check`"),
        "{err}"
    );
}

#[test]
fn rules_that_are_named_are_the_only_ones_that_count() {
    let folder = tempfile::tempdir().unwrap();
    let bad = file(folder.path(), "bad.o", &assemble(&GOOD.replacen("\tmov\t%rcx, %rbx\n", "\trdtsc\n", 1)));
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
    assert!(err.contains("bad.o: none of these rules is about such a file"), "{err}");
}

#[test]
fn explain_says_what_why_and_who() {
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
fn diff_is_0_for_equal_images_and_1_with_a_key_a_line_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = assemble(GOOD);
    let one = file(folder.path(), "one.o", &bytes);
    let mut other = bytes;
    other[48] = 1;
    let other = file(folder.path(), "other.o", &other);
    let (out, _) = streams(0, &["diff".as_ref(), one.as_os_str(), one.as_os_str()]);
    assert!(out.is_empty(), "{out}");
    let (out, _) = streams(1, &["diff".as_ref(), one.as_os_str(), other.as_os_str()]);
    assert_eq!(out, "ehdr.e_flags: 0x0 -> 0x1\n");
    let (out, _) = streams(1, &["diff".as_ref(), "--json".as_ref(), one.as_os_str(), other.as_os_str()]);
    let differences: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(differences, serde_json::json!([{ "key": "ehdr.e_flags", "old": "0x0", "new": "0x1" }]));
}

#[test]
fn the_running_kernels_image_needs_no_file() {
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
fn dump_is_text_and_the_same_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let object = file(folder.path(), "good.o", &assemble(GOOD));
    let (text, _) = streams(0, &["dump".as_ref(), object.as_os_str()]);
    assert!(text.contains("\n# ELF header\nehdr: ") && text.contains("e_type ET_REL"), "{text}");
    let (json, _) = streams(0, &["dump".as_ref(), "--json".as_ref(), object.as_os_str()]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["ehdr"]["e_type"], "ET_REL", "{json}");
}

/// Exit code of a command with a standard output that has no reader, and with one that is full.
fn codes_without_output(command: impl Fn() -> Command) -> [Option<i32>; 2] {
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    [closed.into(), full.into()].map(|output: Stdio| {
        command().stdout(output).stderr(Stdio::null()).status().expect("the command starts").code()
    })
}

#[test]
fn results_of_inject_survive_a_closed_standard_output() {
    let inject = ["inject", "--short", "--len", "4", "--event", "wipe"];
    for arguments in [&inject[..], &["inject", "--by-timer", "1"]] {
        let command = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
            command.args(arguments);
            command
        };
        assert_eq!(codes_without_output(command), [Some(0), Some(2)], "2 where the result could not be written");
    }
}

#[test]
fn inject_prints_the_columns_that_it_ran_and_no_other() {
    let (out, _) = streams(0, &["inject", "--short", "--event", "wipe", "--len", "4", "--len", "465"]);
    let head: Vec<&str> = out.lines().next().expect("a table").split_whitespace().collect();
    assert_eq!(head, ["event", "4", "465", "all"], "{out}");
    let row: Vec<&str> = out.lines().nth(1).expect("a row").split_whitespace().collect();
    assert!(row.len() == 4 && row[1] != "0" && row[2] != "0", "{out}");
}

#[test]
fn version_is_that_of_the_workspace() {
    let version = format!("cargo xtask {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(streams(0, &["--version"]), (version, String::new()));
}

#[test]
fn a_missing_cargo_is_named() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = command.arg("build-vdso").env_remove("CARGO").env("PATH", "/nonexistent").output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.starts_with("error: cargo: not on the path; install Rust"), "{err}");
}

#[test]
fn a_run_that_would_test_nothing_or_cannot_fit_is_refused_before_a_build() {
    for (arguments, why) in [
        (&["soak", "--words", "0"][..], "0 is not in 1.."),
        (&["soak", "--seconds", "0"], "0 is not in 1.."),
        (&["inject", "--by-timer", "0"], "0 is not in 1.."),
        (&["fuzz", "--runs", "0"], "0 is not in 1.."),
        (&["soak", "--words", "99999999999999"], "MB of memory are available; name at most "),
        (&["soak", "--words", "18446744073709551615"], "MB of memory are available; name at most "),
    ] {
        let (out, err) = streams(2, arguments);
        assert!(out.is_empty() && err.starts_with("error: ") && err.contains(why), "{arguments:?}: {err}");
        assert!(!err.contains("Built") && !err.contains("Soaking"), "{arguments:?}: {err}");
    }
}

#[test]
fn bench_answers_help_and_mistakes_without_a_build() {
    let (out, err) = streams(0, &["bench", "--help"]);
    assert!(out.contains("Usage: cargo xtask bench") && out.contains("--rounds") && err.is_empty(), "{out}{err}");
    for (arguments, why) in [
        (["bench", "--rounds", "8"], "8 is not in 9..=1000"),
        (["bench", "--json", "/no/such/file"], "there is no directory /no/such"),
        (["bench", "--curves", "/dev/null"], "/dev/null: not a directory"),
    ] {
        let (out, err) = streams(2, &arguments);
        assert!(out.is_empty() && err.contains(why) && !err.contains("Built"), "{out}{err}");
    }
}

#[test]
fn splice_and_unsplice_create_no_directory_for_their_result() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (image, deep) = (path("image.so"), path("no/such/result.so"));
    for arguments in [["splice", &image, "--out", &deep], ["unsplice", &image, "--out", &deep]] {
        let (out, err) = streams(2, &arguments);
        assert!(out.is_empty() && err.starts_with("error: ") && !err.contains("Built"), "{out}{err}");
        assert!(err.contains("result.so: there is no directory") && err.contains("create it, or name a file"), "{err}");
    }
    assert!(!folder.path().join("no").exists());
}

#[test]
fn images_trees_and_outputs_are_checked_before_the_object_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
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
fn build_vdso_takes_the_layout_of_an_unknown_kernel_from_its_debug_file() {
    let folder = tempfile::tempdir().unwrap();
    let symbols = &[("vdso_u_data", -0x6000), ("vdso_u_time_data", -0x6000), ("vdso_u_rng_data", -0x4000)];
    let unknown = Base { version: Some(0x07_09_00), symbols, ..Base::WITH_GETRANDOM }.link(folder.path());
    let mut stripped = unknown.data().to_vec();
    // The section header that leads to the symbols, of type SHT_SYMTAB, becomes one of SHT_PROGBITS.
    let number =
        |at: usize, len: usize| (0..len).rev().fold(0, |sum, byte| sum << 8 | usize::from(stripped[at + byte]));
    let headers: Vec<usize> = (0..number(60, 2)).map(|index| number(40, 8) + 64 * index).collect();
    let symbols = *headers.iter().find(|header| number(**header + 4, 4) == 2).expect("a symbol table");
    stripped[symbols + 4] = 1;
    let debug = file(folder.path(), "image.so.dbg", unknown.data()).display().to_string();
    let image = file(folder.path(), "image.so", &stripped).display().to_string();
    let out = folder.path().join("out").display().to_string();
    let (_, err) = streams(2, &["build-vdso", "--image", &image, "--out", &out]);
    assert!(err.contains("Linux 7.9.0") && err.contains("with --dbg") && !err.contains("Built"), "{err}");
    let (_, err) = streams(0, &["build-vdso", "--image", &image, "--dbg", &debug, "--out", &out]);
    assert!(err.contains("Spliced spliced.so") && err.contains("the kernel that its symbols describe"), "{err}");
}

#[test]
fn doctor_reports_as_found_what_works_and_not_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    // A compiler that tells its version and compiles nothing, and a program that does not even start.
    let programs = [("gcc", "#!/bin/sh\ntest \"$1\" = --version && echo gcc 1\n"), ("bc", "#!/no/such/interpreter\n")];
    for (name, text) in programs {
        let program = file(folder.path(), name, text.as_bytes());
        std::fs::set_permissions(program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
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
fn test_names_what_the_boots_lack_before_its_first_step() {
    let folder = tempfile::tempdir().unwrap();
    // Every step fails at once, because nothing else is on the path.
    let cargo = file(folder.path(), "cargo", b"#!/bin/sh\nexit 1\n");
    std::fs::set_permissions(&cargo, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let test = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["test", "--no-install"]).env("CARGO", &cargo).env("PATH", folder.path());
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
