// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The image inside of a kernel, with fixtures of a kernel's shape.

use std::path::{Path, PathBuf};
use std::process::Command;
use vdso_fixtures::base::Base;
use vdso_fixtures::object::assemble_to;
use vdso_fixtures::toolchain::{run, rust_lld};
use vdso_link::{Error, Image, vmlinux};

/// A section with a vDSO image in it, and the symbol that describes it.
const DESCRIBED: &str = ".section .rodata\n.balign 4096\nraw_data: .incbin \"base.so\"\n.balign 4096\nraw_end:\n\
    .section .rodata.description\n.type vdso_image_64, @object\nvdso_image_64: .quad raw_data, raw_end - raw_data\n";

/// The fixture image in `folder`, and what processes would see of it.
fn base(folder: &Path) -> Vec<u8> {
    let mut data = Base::WITH_GETRANDOM.link(folder).data().to_vec();
    data.resize(data.len().next_multiple_of(4096), 0);
    data
}

/// Links a kernel from assembler source that may include files of `folder`.
fn kernel(folder: &Path, source: &str, flags: &[&str]) -> PathBuf {
    let source = source.replace(".incbin \"", &format!(".incbin \"{}/", folder.display()));
    let object = assemble_to(folder, "kernel", &source);
    let output = folder.join("vmlinux");
    let mut lld = Command::new(rust_lld());
    lld.args(["-flavor", "gnu", "-m", "elf_x86_64", "-e", "0", "--image-base=0xffffffff81000000"]).args(flags);
    run(lld.arg("-o").arg(&output).arg(object));
    output
}

/// The image in a kernel of this source, as bytes.
fn image_in(folder: &Path, source: &str, flags: &[&str]) -> Result<Vec<u8>, Error> {
    vmlinux::image_in(&kernel(folder, source, flags)).map(|image: Image| image.data().to_vec())
}

fn refusal(found: Result<Vec<u8>, Error>) -> String {
    found.expect_err("an image was found").to_string()
}

#[test]
fn the_symbol_or_a_look_at_each_page_leads_to_the_image() {
    let folder = tempfile::tempdir().unwrap();
    let data = base(folder.path());
    assert_eq!(image_in(folder.path(), DESCRIBED, &[]).unwrap(), data);
    assert_eq!(image_in(folder.path(), DESCRIBED, &["--strip-all"]).unwrap(), data);
}

#[test]
fn two_images_need_the_symbol() {
    let folder = tempfile::tempdir().unwrap();
    let data = base(folder.path());
    let twice = format!("{DESCRIBED}.section .rodata\n.balign 4096\n.incbin \"base.so\"\n.balign 4096\n");
    assert_eq!(image_in(folder.path(), &twice, &[]).unwrap(), data);
    let said = refusal(image_in(folder.path(), &twice, &["--strip-all"]));
    assert!(said.contains("64-bit vDSO images lie at 0xffffffff8") && said.contains("with its symbol table"), "{said}");
    // A copy in writable data, as in a file system inside of the kernel, is none of the kernel's own.
    let copy = format!("{DESCRIBED}.section .data\n.balign 4096\n.incbin \"base.so\"\n.balign 4096\n");
    assert_eq!(image_in(folder.path(), &copy, &["--strip-all"]).unwrap(), data);
}

#[test]
fn what_is_no_kernel_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    base(folder.path());
    let said = refusal(image_in(folder.path(), ".section .rodata\n.zero 9000\n", &[]));
    assert!(said.contains("no 64-bit vDSO image lies in it; name the uncompressed vmlinux"), "{said}");
    // Not at the start of a page, and a shared object of another name.
    let astray = ".section .rodata\n.balign 4096\n.zero 64\n.incbin \"base.so\"\n.balign 4096\n";
    assert!(refusal(image_in(folder.path(), astray, &[])).contains("no 64-bit vDSO image"));

    let absent = ".section .bss.description, \"aw\", @nobits\n.type vdso_image_64, @object\nvdso_image_64: .zero 16\n";
    assert!(refusal(image_in(folder.path(), absent, &[])).contains("vdso_image_64 is not in the file"));
    for (old, new, words) in [
        ("raw_data, raw", "raw_data + 64, raw", "bytes here, which are no vDSO image"),
        ("raw_end - raw_data", "0x7000000000000000", "bytes here, which are no vDSO image"),
        (".quad raw_data", ".quad 0x1000", "0x1000: vdso_image_64 says"),
    ] {
        let said = refusal(image_in(folder.path(), &DESCRIBED.replace(old, new), &[]));
        assert!(said.contains(words), "{said}");
    }

    let text = folder.path().join("text");
    for (content, words) in
        [("", "an empty file"), ("MZ and so on", "no ELF file"), ("\x7fELF\x01\x01", "a 32-bit file")]
    {
        std::fs::write(&text, content).unwrap();
        let said = vmlinux::image_in(&text).unwrap_err().to_string();
        assert!(said.contains(words) && said.contains("extract-vmlinux"), "{said}");
    }
    assert!(matches!(vmlinux::image_in(Path::new("/nonexistent")), Err(Error::Io { .. })));
}

#[test]
fn a_file_full_of_headers_is_refused_and_does_not_fill_the_memory() {
    // On each page the header of a shared object whose section headers end further on.
    let folder = tempfile::tempdir().unwrap();
    let header = "begin: .ascii \"\\177ELF\\2\\1\\1\"\n.zero 9\n.word 3, 62\n.long 1\n.quad 0, 0, 0x10000 - 64\n.long 0\n\
                  .word 64, 56, 0, 64, 1, 0\n";
    let source = format!(".section .rodata\n.balign 4096\n{header}.rept 200\n.balign 4096\n{}.endr\n", &header[7..]);
    let said = refusal(image_in(folder.path(), &source, &[]));
    assert!(said.contains("more than 64 shared objects"), "{said}");
}
