// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The two linkers make the same image of one object: what differs is listed here, with the reason.

use crate::standalone::linkers;
use std::process::Command;
use vdso_fixtures::object::{GOOD, assemble_to, checked};
use vdso_fixtures::toolchain::{run, standalone_script};
use vdso_link::diff::Acceptance;
use vdso_link::link::standalone::{Linker, StandaloneLink};
use vdso_link::{diff, verify};

/// Permitted differences between an image by rust-lld and one by GNU ld.
const ACCEPTED: &[Acceptance] = &[
    Acceptance {
        subjects: &["export[LINUX_2.6]"],
        fields: &["added"],
        reason: "GNU ld makes a symbol of each version node, as it does in every kernel's image",
    },
    Acceptance {
        subjects: &["dynamic[DT_SYMBOLIC]"],
        fields: &["added"],
        reason: "GNU ld says -Bsymbolic in the old way besides DT_FLAGS",
    },
    Acceptance {
        subjects: &["dynamic[*]"],
        fields: &["index"],
        reason: "no client depends on the order of dynamic entries",
    },
    Acceptance {
        subjects: &["dynamic[DT_SONAME]", "dynamic[DT_STRSZ]"],
        fields: &["d_val"],
        reason: "the strings are in another order, and GNU ld lets one begin inside another",
    },
    Acceptance {
        subjects: &["hash[*]"],
        fields: &["buckets", "chains", "bloom_shift"],
        reason: "each linker has its own measure for buckets and filters; one symbol more is a chain more",
    },
    Acceptance {
        subjects: &["shdr[.hash]", "shdr[.gnu.version_d]", "phdr[PT_GNU_STACK]"],
        fields: &["sh_addralign", "p_align"],
        reason: "GNU ld aligns to 8 bytes what is read in units of 4, or not at all",
    },
    Acceptance {
        subjects: &["shdr[.eh_frame]"],
        fields: &["sh_type"],
        reason: "GNU ld keeps the type of the psABI that the compiler gave, lld makes SHT_PROGBITS of it",
    },
    Acceptance {
        subjects: &["shdr[*]"],
        fields: &["sh_size"],
        reason: "tables with one symbol or entry more, and without the end mark that lld puts after .eh_frame; text and \
                 constants are compared by function and by content",
    },
    Acceptance {
        subjects: &["shdr[.symtab]"],
        fields: &["sh_info"],
        reason: "GNU ld keeps more local symbols, of files and sections",
    },
    Acceptance {
        subjects: &["image", "phdr[PT_LOAD]", "phdr[PT_DYNAMIC]"],
        fields: &["mapped", "file", "p_filesz", "p_memsz"],
        reason: "the tables differ in size",
    },
    Acceptance {
        subjects: &["ehdr", "shdr[*]", "phdr[*]", "dynamic[*]", "export[*]", "function[*]", "fde[*]"],
        fields: &[
            "e_shoff",
            "sh_addr",
            "sh_offset",
            "sh_offset(unmapped)",
            "p_offset",
            "p_vaddr",
            "p_paddr",
            "d_ptr",
            "address",
            "start",
        ],
        reason: "sections after tables of another size have other addresses",
    },
    Acceptance {
        subjects: &["content[.text]"],
        fields: &["digest"],
        reason: "distances to what was moved; the code of each function is compared without them",
    },
    Acceptance { subjects: &["content[.comment]"], fields: &["digest"], reason: "the name of the linker" },
    Acceptance { subjects: &["note[GNU 3]"], fields: &["desc"], reason: "the build-id is a digest of the image" },
];

#[test]
fn the_images_of_both_linkers_differ_in_nothing_that_matters() {
    let folder = tempfile::tempdir().unwrap();
    let object = checked(&assemble_to(folder.path(), "good", GOOD));
    let images: Vec<_> = linkers()
        .into_iter()
        .map(|(linker, program)| {
            let output = folder.path().join(linker.program());
            let link = StandaloneLink { linker, object: &object, script: &standalone_script(), output: &output };
            run(Command::new(program).args(link.arguments()));
            let linked = link.finish().unwrap();
            verify(linked).unwrap().unwrap_or_else(|report| panic!("{linker:?}\n{report}"))
        })
        .collect();
    let [lld, bfd] = &images[..] else {
        // The gate installs it, so that under it nothing is left out in silence.
        assert!(std::env::var_os("CI").is_none(), "{} is missing: install binutils", Linker::Bfd.program());
        eprintln!("not compared: {} is missing; install binutils", Linker::Bfd.program());
        return;
    };
    let differences = diff(lld.image(), bfd.image()).unwrap();
    let unexplained: Vec<_> = differences.iter().filter(|it| !ACCEPTED.iter().any(|entry| entry.covers(it))).collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    for entry in ACCEPTED {
        assert!(differences.iter().any(|difference| entry.covers(difference)), "no difference that {:?}", entry.reason);
    }
}
