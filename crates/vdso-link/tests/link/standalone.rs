// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The stand-alone image by the toolchain's own linker, and by GNU ld where there is one.

use object::{Object as _, ObjectSection, ObjectSegment, ObjectSymbol};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use vdso_abi::exports::{DATA_SYMBOLS, EXPORTS as DECLARED, SONAME, VERSION};
use vdso_fixtures::object::{GOOD, assemble_to, checked};
use vdso_fixtures::toolchain::{run, rust_lld, standalone_script};
use vdso_link::CheckedObject;
use vdso_link::link::advice::advice;
use vdso_link::link::standalone::{LAYOUT, Linker, StandaloneLink};

/// The linkers of this machine, rust-lld first.
pub fn linkers() -> Vec<(Linker, PathBuf)> {
    let mut linkers = vec![(Linker::Lld, rust_lld())];
    if Command::new("ld").arg("--version").output().is_ok_and(|output| output.status.success()) {
        linkers.push((Linker::Bfd, "ld".into()));
    }
    linkers
}

/// Links a bad object, which no check lets pass, in the place of a good one; the caller checks the outcome.
fn attempt(linker: Linker, program: &Path, good: &CheckedObject, bad: &Path) -> Output {
    let output = bad.with_extension("so");
    let mut arguments =
        StandaloneLink { linker, object: good, script: &standalone_script(), output: &output }.arguments();
    assert_eq!(arguments.pop().as_deref(), Some(good.object().path().as_os_str()));
    Command::new(program).args(arguments).arg(bad).output().unwrap()
}

#[test]
fn both_linkers_make_the_image_that_the_script_describes() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble_to(folder.path(), "good", GOOD));
    for (linker, program) in linkers() {
        let output = folder.path().join(linker.program());
        let link = StandaloneLink { linker, object: &object, script: &standalone_script(), output: &output };
        run(Command::new(&program).args(link.arguments()));
        let linked = link.finish().unwrap();
        let elf = linked.image.elf().unwrap();

        let segments: Vec<_> = elf.segments().collect();
        assert_eq!(segments.len(), 1, "{linker:?}");
        assert_eq!(segments[0].address(), 0);
        assert!(!segments[0].permissions().writable() && segments[0].permissions().executable());

        // Every data symbol has the layout's value, and the code reaches it without a dynamic relocation.
        assert!(elf.dynamic_relocations().is_none_or(|mut relocations| relocations.next().is_none()));
        for name in DATA_SYMBOLS {
            let symbol = elf.symbols().find(|symbol| symbol.name() == Ok(name)).expect(name);
            assert_eq!(symbol.address() as i64, LAYOUT.value_of(name).unwrap(), "{linker:?} {name}");
        }
        let mut exported: Vec<_> = elf.dynamic_symbols().map(|symbol| symbol.name().unwrap().to_owned()).collect();
        // GNU ld adds a symbol for the version node, as the kernel's images have it.
        exported.retain(|name| name != VERSION);
        exported.sort();
        let mut declared = DECLARED.map(|export| export.name.to_owned());
        declared.sort();
        assert_eq!(exported, declared, "{linker:?}");

        let names: Vec<_> = elf.sections().map(|section| section.name().unwrap().to_owned()).collect();
        for wanted in [".hash", ".gnu.hash", ".gnu.version_d", ".note", ".eh_frame_hdr", ".eh_frame"] {
            assert!(names.iter().any(|name| name == wanted), "{linker:?}: {wanted} is not in {names:?}");
        }
        let second = goblin::elf::Elf::parse(linked.image.data()).unwrap();
        assert_eq!(second.soname, Some(SONAME));
        assert_eq!(second.libraries, Vec::<&str>::new());
    }
}

#[test]
fn what_the_linkers_complain_about_becomes_an_instruction() {
    let folder = tempfile::tempdir().unwrap();
    let good = checked(&assemble_to(folder.path(), "good", GOOD));
    let cases = [
        ("undefined", ".text\n.hidden memcpy\nlea memcpy(%rip), %rax", "compiler made up"),
        ("absolute", ".text\nmov $__vdso_getrandom, %eax", "relocation-model=pic"),
        ("far", ".text\nlea vvar__vdso_data-0x7fffffff(%rip), %rax", "2 GiB"),
        ("writable", ".data\n.quad 1", "writable data would fault"),
        ("thread", ".section .tdata, \"awT\"\n.quad 1", "thread-local"),
        ("orphan", ".section .weird, \"a\"\n.quad 1", "no place for"),
        ("got", ".text\n.globl foo\nfoo: push foo@GOTPCREL(%rip)", "lea sym(%rip)"),
        ("constructor", ".section .init_array, \"aw\"\n.quad 0", "constructors"),
        ("large", ".text\n.fill 40000, 1, 0x90", "page budget"),
    ];
    for (linker, program) in linkers() {
        for (name, addition, wanted) in cases {
            let bad = assemble_to(folder.path(), name, &format!("{GOOD}\n{addition}\n"));
            let output = attempt(linker, &program, &good, &bad);
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success(), "{linker:?} accepted {name}");
            let advice = advice(&stderr);
            assert!(advice.iter().any(|text| text.contains(wanted)), "{linker:?} {name}: {advice:?} for\n{stderr}");
        }
    }
    assert_eq!(advice("an unknown message"), Vec::<String>::new());
}

#[test]
fn an_object_without_an_export_is_no_image() {
    let folder = tempfile::tempdir().unwrap();
    let good = checked(&assemble_to(folder.path(), "good", GOOD));
    let bad = assemble_to(folder.path(), "incomplete", &GOOD.replace("	.set	getrandom,", "	.set	another_name,"));
    let output = attempt(Linker::Lld, &rust_lld(), &good, &bad);
    assert!(!output.status.success());
    assert!(advice(&String::from_utf8(output.stderr).unwrap())[0].contains("lacks an export"));
}
