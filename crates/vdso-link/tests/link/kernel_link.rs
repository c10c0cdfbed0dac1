// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The object as one input of a kernel's own link: `image-object` rules find its functions wherever the linker placed them.

use crate::standalone::linkers;
use object::{Object as _, ObjectSymbol as _};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use vdso_abi::exports::{DATA_SYMBOLS, EXPORTS, VERSION};
use vdso_fixtures::base::Base;
use vdso_fixtures::object::{GOOD, assemble_to, checked};
use vdso_fixtures::toolchain::run;
use vdso_link::link::standalone::Linker;
use vdso_link::{Image, LinkedImage, Object, Report, layout::SHARED_PAGE, verify};

/// Links the object after or before a kernel's own code, as an image of Linux 6.1.
fn link(folder: &Path, linker: Linker, program: &Path, object_first: bool) -> Image {
    let [base, good] = [("base", Base::WITHOUT_GETRANDOM.source()), ("good", GOOD.to_owned())]
        .map(|(name, source)| assemble_to(folder, name, &source));
    let exports: String = EXPORTS.iter().map(|export| format!("{}; ", export.name)).collect();
    let names = format!("__vdso_time; time; __vdso_getcpu; getcpu; {exports}");
    let versions = format!("VERSION {{ {VERSION} {{ global: {names} local: *; }}; }}\n");
    let [script, output] = ["kernel.lds", "kernel.so"].map(|name| folder.join(name));
    std::fs::write(&script, format!("{}{versions}", include_str!("kernel_link.lds"))).unwrap();
    let mut command = Command::new(program);
    if linker == Linker::Lld {
        command.args(["-flavor", "gnu"]);
    }
    command.args(["-m", "elf_x86_64", "-shared", "-soname", "linux-vdso.so.1", "-Bsymbolic", "--eh-frame-hdr"]);
    command.args(["--build-id=sha1", "--hash-style=both", "-z", "max-page-size=4096", "-z", "norelro"]);
    for name in DATA_SYMBOLS {
        let offset = SHARED_PAGE.value_of(name).expect("the layout has every data symbol");
        command.arg(format!("--defsym=OFFSET_OF_{name}={:#x}", offset.cast_unsigned()));
    }
    let inputs = if object_first { [good, base] } else { [base, good] };
    run(command.arg("-T").arg(script).arg("-o").arg(&output).args(inputs));
    Image::read(&output).unwrap()
}

/// An image beside the object that it was linked from.
fn beside(image: Image, object: &Object) -> LinkedImage {
    LinkedImage { object: Some(object.clone()), ..LinkedImage::found(image).unwrap() }
}

/// The image with some bytes changed, which the image rules find fault with.
fn report(image: &Image, object: &Object, change: impl FnOnce(&mut Vec<u8>)) -> Report {
    let mut data = image.data().to_vec();
    change(&mut data);
    verify(beside(Image::from_bytes(image.path(), data).unwrap(), object)).unwrap().unwrap_err()
}

/// Address, and so offset in the file, of a symbol.
fn address(image: &Image, name: &str) -> usize {
    let elf = image.elf().unwrap();
    let symbol = elf.symbols().find(|symbol| symbol.name() == Ok(name)).expect(name);
    usize::try_from(symbol.address()).unwrap()
}

#[test]
fn verify_accepts_the_object_wherever_a_kernel_link_placed_its_functions() {
    for (linker, program) in linkers() {
        for object_first in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let image = link(folder.path(), linker, &program, object_first);
            let object = checked(&folder.path().join("good.o"));
            let [fill, kernel, entry] = ["fill", "__vdso_time", "__vdso_vgetrandom"].map(|name| address(&image, name));
            assert!(
                fill < kernel && kernel < entry,
                "{linker:?}: the kernel's code lies between functions of the object"
            );
            let verified = verify(beside(image, object.object())).unwrap();
            let verified = verified.unwrap_or_else(|report| panic!("{linker:?}\n{report}"));
            let examined = verified.report().examined();
            assert!(examined["image-object/code"] > 400 && examined["image-object/unwind"] > 8, "{examined:?}");
        }
    }
}

#[test]
fn verify_names_each_changed_function_of_a_kernel_link() {
    let folder = tempfile::tempdir().unwrap();
    let (linker, program) = linkers().remove(0);
    let image = link(folder.path(), linker, &program, false);
    let object = checked(&folder.path().join("good.o"));
    let object = object.object();
    // The last byte of each is its `ret`; nothing of the fixture calls the cipher.
    let last = |name: &str| {
        let elf = image.elf().unwrap();
        let symbol = elf.symbols().find(|symbol| symbol.name() == Ok(name)).expect(name);
        usize::try_from(symbol.address() + symbol.size()).unwrap() - 1
    };
    let changed = report(&image, object, |data| {
        for name in ["fill", "getrandom_syscall", "chacha20_refill_avx2"] {
            data[last(name)] = 0x90;
        }
    });
    let findings: Vec<_> = changed.findings().filter(|finding| finding.rule == "image-object/code").collect();
    let named: BTreeSet<_> = findings.iter().map(|finding| finding.place.symbol.as_str()).collect();
    assert_eq!(named, BTreeSet::from(["", "fill", "getrandom_syscall"]), "{changed}");
    assert!(findings.iter().any(|finding| finding.found == "no bytes of .text.cipher of the object"), "{changed}");
}

#[test]
fn verify_rejects_a_reference_that_leads_to_another_function() {
    let folder = tempfile::tempdir().unwrap();
    let (linker, program) = linkers().remove(0);
    let image = link(folder.path(), linker, &program, false);
    let object = checked(&folder.path().join("good.o"));
    // The call of `fill` in the first entry point, led to the first function of the kernel.
    let [entry, fill, kernel] = ["__vdso_vgetrandom", "fill", "__vdso_time"].map(|name| address(&image, name));
    let leads_to = |data: &[u8], at: usize| {
        let distance = i32::from_le_bytes(data[at + 1..at + 5].try_into().unwrap());
        data[at] == 0xe8 && (at + 5).wrapping_add_signed(distance as isize) == fill
    };
    let call = (entry..).find(|&at| leads_to(image.data(), at)).expect("a call of fill");
    let report = report(&image, object.object(), |data| {
        let distance = i32::try_from(kernel as i64 - (call as i64 + 5)).unwrap();
        data[call + 1..call + 5].copy_from_slice(&distance.to_le_bytes());
    });
    let findings: Vec<_> = report.findings().filter(|finding| finding.rule.starts_with("image-object/")).collect();
    assert_eq!(findings.len(), 1, "{report}");
    assert_eq!(findings[0].place.symbol, "__vdso_vgetrandom", "{report}");
}

#[test]
fn verify_rejects_an_export_that_leads_elsewhere_in_its_section() {
    let folder = tempfile::tempdir().unwrap();
    let (linker, program) = linkers().remove(0);
    let image = link(folder.path(), linker, &program, false);
    let object = checked(&folder.path().join("good.o"));
    // Both entry points of the fixture lie in one section; the short name of the second is led to the first.
    let [first, second] = ["__vdso_vgetrandom", "__vdso_getrandom"].map(|name| address(&image, name) as u64);
    let report = report(&image, object.object(), |data| {
        let symbols = image.elf().unwrap();
        let table = symbols.dynamic_symbols();
        let index =
            table.into_iter().find(|symbol| symbol.name() == Ok("getrandom")).expect("it is exported").index().0;
        let section = goblin::elf::Elf::parse(image.data()).unwrap();
        let dynsym = section.dynamic.unwrap().info.symtab;
        let value = dynsym + 24 * index + 8;
        assert_eq!(data[value..value + 8], second.to_le_bytes());
        data[value..value + 8].copy_from_slice(&first.to_le_bytes());
    });
    let named = report.findings().any(|finding| {
        finding.rule == "image-object/code"
            && finding.place.symbol == "getrandom"
            && finding.wanted.contains("where its code is")
    });
    assert!(named, "{report}");
}
