// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The dump of images whose every byte the fixtures decide, as text. `BLESS=1` in the environment rewrites the texts.

use std::path::Path;
use std::process::Command;
use vdso_fixtures::base::Base;
use vdso_fixtures::object::{GOOD, assemble_to, checked};
use vdso_fixtures::toolchain::{run, rust_lld, standalone_script};
use vdso_link::link::splice::splice;
use vdso_link::link::standalone::{Linker, StandaloneLink};
use vdso_link::{Image, LinkedImage, diff, dump, verify};

/// Holds a text against the one in `dumps/`.
fn compare(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/link/dumps").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).expect("the directory of dumps is writable");
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == wanted, "{name} is\n{text}instead of\n{wanted}");
}

#[test]
fn an_image_is_described_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    compare("base.txt", &dump(&Base::WITHOUT_GETRANDOM.link(folder.path())).unwrap().to_string());
}

#[test]
fn the_data_page_is_named_by_symbols_and_by_what_the_code_reads() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble_to(folder.path(), "good", GOOD));
    let output = folder.path().join("image.so");
    let link = StandaloneLink { linker: Linker::Lld, object: &object, script: &standalone_script(), output: &output };
    run(Command::new(rust_lld()).args(link.arguments()));
    let dump = dump(&link.finish().unwrap().image).unwrap();
    let chapter = dump.chapters.iter().find(|chapter| chapter.title == "data page").expect("there is one");
    let lines: Vec<_> = chapter.subjects.iter().map(|it| format!("{} {}", it.name, it.fields[0].1)).collect();
    // The script's own symbols are there too; the object reads the word and the flag of the generator.
    for wanted in ["symbol[vvar__vdso_rng_data] -0x3d80", "symbol[vvar__vdso_data] -0x3f80", "data[-0x3d80] 1"] {
        assert!(lines.iter().any(|line| line == wanted), "{wanted} is not in {lines:#?}");
    }
    let spliced = splice(&object, Base::WITHOUT_GETRANDOM.link(folder.path())).unwrap();
    let text = vdso_link::dump(&spliced.image).unwrap().to_string();
    assert!(text.contains("symbol vvar__vdso_rng_data+0x8\n"), "{text}");
}

#[test]
fn a_splice_differs_from_its_original_in_what_it_added_and_re_pointed() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble_to(folder.path(), "good", GOOD));
    for (name, base) in [("added.txt", Base::WITHOUT_GETRANDOM), ("replaced.txt", Base::WITH_GETRANDOM)] {
        let original = base.link(folder.path());
        let spliced = splice(&object, original.clone()).unwrap();
        let differences = diff(&original, &spliced.image).unwrap();
        compare(name, &differences.iter().map(|difference| format!("{difference}\n")).collect::<String>());
        assert!(diff(&original, &original).unwrap().is_empty());
    }
}

#[test]
fn one_changed_instruction_shows_as_code_of_its_function_and_as_content() {
    let folder = tempfile::tempdir().unwrap();
    let original = Base::WITHOUT_GETRANDOM.link(folder.path());
    let mut data = original.data().to_vec();
    // `rdtscp` of __vdso_getcpu becomes `rdtsc` and a `nop`.
    let at = data.windows(3).position(|bytes| bytes == [0x0f, 0x01, 0xf9]).expect("the instruction is there");
    data[at..at + 3].copy_from_slice(&[0x0f, 0x31, 0x90]);
    let changed = Image::from_bytes(Path::new("changed.so"), data).unwrap();
    let keys: Vec<_> = diff(&original, &changed).unwrap().iter().map(vdso_link::diff::Difference::key).collect();
    assert_eq!(keys, ["export[__vdso_getcpu].code", "export[getcpu].code", "content[.text].digest"]);
}

#[test]
fn names_that_are_no_text_or_look_like_another_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let original = Base::WITHOUT_GETRANDOM.link(folder.path());
    let with = |name: &str, other: &[u8]| {
        let mut data = original.data().to_vec();
        let at = data.windows(name.len()).position(|bytes| bytes == name.as_bytes()).expect("the name is there");
        data[at..at + other.len()].copy_from_slice(other);
        Image::from_bytes(Path::new("changed.so"), data).unwrap()
    };
    let names: [&[u8]; 6] =
        [b"\xff\xff\xff\xff\xff", b"\xff\xff\xff\xff\xfe", b"\\x01b", b"\\\\x1b", b"\x1b\xe2\x80\xae.", b"\\xff\xff"];
    for name in [".remark\0", "__vdso_getcpu\0"] {
        let images: Vec<_> = names.iter().map(|other| with(name, other)).collect();
        for (index, image) in images.iter().enumerate() {
            assert!(diff(image, image).unwrap().is_empty());
            let others = images[..index].iter().filter(|other| diff(other, image).unwrap().is_empty());
            assert_eq!(others.count(), 0, "{name} {index}");
            serde_json::to_string(&dump(image).unwrap()).unwrap();
        }
    }
}

#[test]
fn diff_pairs_the_frames_of_a_stripped_image_with_those_of_its_debug_file() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble_to(folder.path(), "good", GOOD));
    let [debug, stripped] = [("image.so.dbg", None), ("image.so", Some("--strip-all"))].map(|(name, strip)| {
        let output = folder.path().join(name);
        let link =
            StandaloneLink { linker: Linker::Lld, object: &object, script: &standalone_script(), output: &output };
        run(Command::new(rust_lld()).args(link.arguments()).args(strip));
        Image::read(&output).unwrap()
    });
    let frames = |old: &Image, new: &Image| -> Vec<String> {
        let keys = diff(old, new).unwrap().into_iter().map(|difference| difference.key());
        keys.filter(|key| key.starts_with("fde[")).collect()
    };
    assert_eq!(frames(&stripped, &debug), Vec::<String>::new());
    assert_eq!(frames(&debug, &stripped), Vec::<String>::new());
    // A frame that differs is one difference, under the name that one of the files has for it.
    let elf = goblin::elf::Elf::parse(stripped.data()).unwrap();
    let symbols = goblin::elf::Elf::parse(debug.data()).unwrap();
    let fill = symbols.syms.iter().find(|it| symbols.strtab.get_at(it.st_name) == Some("fill")).unwrap();
    let named = |it: &&goblin::elf::SectionHeader| elf.shdr_strtab.get_at(it.sh_name) == Some(".eh_frame");
    let table = elf.section_headers.iter().find(named).unwrap();
    let begin = |at: usize| i32::from_le_bytes(stripped.data()[at..at + 4].try_into().unwrap());
    // Length, CIE pointer, then the start of the code by its distance and its length.
    let covers_fill = |at: &usize| {
        let address = table.sh_addr as i64 + *at as i64 - table.sh_offset as i64;
        address + i64::from(begin(*at)) == fill.st_value as i64 && begin(*at + 4) as u64 == fill.st_size
    };
    let at = table.file_range().unwrap().step_by(4).find(covers_fill).expect("a frame of fill");
    let mut data = stripped.data().to_vec();
    data[at + 4] -= 1;
    let changed = Image::from_bytes(Path::new("changed.so"), data).unwrap();
    assert_eq!(frames(&debug, &changed), ["fde[fill].length", "fde[fill].digest"]);
}

#[test]
fn tables_that_lead_elsewhere_are_a_difference() {
    let folder = tempfile::tempdir().unwrap();
    let original = Base::WITHOUT_GETRANDOM.link(folder.path());
    let elf = goblin::elf::Elf::parse(original.data()).unwrap();
    let content = |name: &str| {
        let named = |it: &&goblin::elf::SectionHeader| elf.shdr_strtab.get_at(it.sh_name) == Some(name);
        elf.section_headers.iter().find(named).expect("the section is there").file_range().unwrap()
    };
    // The last chain or bucket, a bit of the filter, a row, and the place of a saved register.
    let saved = content(".eh_frame").start
        + original.data()[content(".eh_frame")].windows(2).position(|it| it == [0x86, 2]).unwrap()
        + 1;
    let bloom = content(".gnu.hash").start + 16;
    let filter = original.data()[bloom..].iter().position(|&byte| byte != 0).unwrap() + bloom;
    let cases = [
        (content(".hash").start + 8, "hash[DT_HASH].missed"),
        (filter, "hash[DT_GNU_HASH].missed"),
        (content(".eh_frame_hdr").start + 12, "unwind.missed"),
        (saved, "fde[__vdso_time].digest"),
        (content(".gnu.version_d").start, "version[linux-vdso.so.1].vd_version"),
    ];
    for (at, key) in cases {
        let mut data = original.data().to_vec();
        data[at] = if data[at] == 0 { 1 } else { 0 };
        let changed = Image::from_bytes(Path::new("changed.so"), data).unwrap();
        let keys: Vec<_> = diff(&original, &changed).unwrap().iter().map(vdso_link::diff::Difference::key).collect();
        assert_eq!(keys, [key], "{at:#x}");
    }
}

#[test]
fn names_in_a_file_give_no_orders_to_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let original = Base::WITHOUT_GETRANDOM.link(folder.path());
    let mut data = original.data().to_vec();
    // Of a function, a section and the path of the file itself.
    for (name, order) in [("__vdso_getcpu\0", "\x1b[2J\r"), (".altinstructions\0", "\x1b]0;\x07")] {
        let at = data.windows(name.len()).position(|bytes| bytes == name.as_bytes()).expect("the name is there");
        data[at..at + order.len()].copy_from_slice(order.as_bytes());
    }
    let path = Path::new("a\x1b[31m\nb.so");
    let changed = Image::from_bytes(path, data).unwrap();
    let differences: Vec<_> = diff(&original, &changed).unwrap().iter().map(ToString::to_string).collect();
    let report = verify(LinkedImage::found(changed.clone()).unwrap()).unwrap().expect_err("a name is wrong");
    let error = Image::from_bytes(path, Vec::new()).unwrap_err();
    let texts = [dump(&changed).unwrap().to_string(), differences.concat(), report.to_string(), error.to_string()];
    for text in texts {
        assert!(text.contains("\\u{1b}["), "{text:?}");
        assert!(text.chars().all(|it| it == '\n' || !it.is_control()), "{text:?}");
    }
}
