// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The files: exports, versions, needs, and the header beside them.

use crate::build::LIBRARIES;
use object::elf::{
    DF_1_NODELETE, DF_BIND_NOW, DF_STATIC_TLS, DT_FLAGS, DT_FLAGS_1, DT_NEEDED, DynamicTag, FileHeader64,
};
use object::read::elf::{ElfFile64, FileHeader};
use object::{LittleEndian, Object, ObjectSymbol};
use std::collections::BTreeSet;
use std::path::Path;

const SHARED: &str = "lib/libvgetrandom.so";
const PRELOAD: &str = "lib/libvgetrandom-preload.so";

/// The contents of the dynamic section and the dynamic symbols of a library.
struct Library {
    needed: usize,
    flags: u64,
    flags_1: u64,
    exports: BTreeSet<String>,
    /// Undefined symbols that the program must have.
    wanted: BTreeSet<String>,
}

fn read(path: &str) -> Library {
    let path = LIBRARIES.join(path);
    let data = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = ElfFile64::<LittleEndian>::parse(&*data).expect("an ELF file");
    let header = FileHeader64::<LittleEndian>::parse(&*data).expect("an ELF file");
    let sections = header.sections(LittleEndian, &*data).expect("sections");
    let (entries, _) = sections.dynamic(LittleEndian, &*data).expect("readable").expect("a dynamic section");
    let value = |tag: DynamicTag| {
        let is = |entry: &&object::elf::Dyn64<LittleEndian>| entry.d_tag.get(LittleEndian) == tag;
        entries.iter().filter(is).map(|entry| entry.d_val.get(LittleEndian)).collect::<Vec<_>>()
    };
    let names = |undefined: bool| {
        let symbols =
            file.dynamic_symbols().filter(move |symbol| symbol.is_undefined() == undefined && symbol.is_global());
        let symbols = symbols.filter(move |symbol| symbol.kind() != object::SymbolKind::Unknown || undefined);
        symbols.filter(|symbol| !symbol.is_weak()).map(|symbol| symbol.name().expect("text").to_owned())
    };
    Library {
        needed: value(DT_NEEDED).len(),
        flags: value(DT_FLAGS).first().copied().unwrap_or(0),
        flags_1: value(DT_FLAGS_1).first().copied().unwrap_or(0),
        exports: names(false).filter(|name| !name.starts_with("VGETRANDOM_")).collect(),
        wanted: names(true).filter(|name| !name.is_empty()).collect(),
    }
}

fn names(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

/// Functions that the header declares.
fn declared() -> BTreeSet<String> {
    let header = std::fs::read_to_string(LIBRARIES.join("include/vgetrandom.h")).expect("the header is installed");
    // Comments name functions too.
    let code: String = header.split("/*").map(|part| part.split_once("*/").map_or(part, |(_, code)| code)).collect();
    let before_bracket = code.split('(').map(|part| part.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next());
    before_bracket.flatten().filter(|name| name.starts_with("vgetrandom_")).map(str::to_owned).collect()
}

#[test]
fn the_header_declares_what_the_library_exports() {
    assert_eq!(declared(), read(SHARED).exports);
    assert_eq!(declared().len(), 10);
}

#[test]
fn no_function_has_the_name_of_the_vdso() {
    assert!(!declared().contains("vgetrandom"));
}

#[test]
fn the_preload_library_exports_the_functions_that_it_answers() {
    let exports = ["arc4random", "arc4random_buf", "arc4random_uniform", "getentropy", "getrandom"];
    assert_eq!(read(PRELOAD).exports, names(&exports));
}

#[test]
fn the_preload_library_names_no_other_library() {
    let preload = read(PRELOAD);
    assert_eq!(preload.needed, 0);
    // Every glibc and musl have these.
    assert_eq!(preload.wanted, names(&["__errno_location", "abort", "memset"]));
    // The reader finds such entries where they are.
    assert!(read(SHARED).needed > 0);
}

#[test]
fn c14_the_libraries_are_never_unloaded() {
    for path in [SHARED, PRELOAD] {
        let library = read(path);
        assert_ne!(library.flags_1 & DF_1_NODELETE.0, 0, "{path}");
        assert_ne!(library.flags & DF_BIND_NOW.0, 0, "{path}");
    }
}

#[test]
fn only_the_preload_library_needs_static_thread_local_storage() {
    // musl refuses to open a library that does.
    assert_eq!(read(SHARED).flags & DF_STATIC_TLS.0, 0);
    assert_ne!(read(PRELOAD).flags & DF_STATIC_TLS.0, 0);
}

#[test]
fn pkg_config_gets_a_description() {
    let text = std::fs::read_to_string(LIBRARIES.join("lib/pkgconfig/vgetrandom.pc")).expect("it is installed");
    assert!(text.contains("\nLibs: -L${libdir} -lvgetrandom\n") && text.contains("\nCflags: -I${includedir}\n"));
    assert!(Path::new(&LIBRARIES.join("lib/libvgetrandom.so.0")).exists());
}
