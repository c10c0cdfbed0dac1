// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Rules that look symbols up by the lookup model of each client, one rule for each client.
//!
//! Each way has its own file with the steps of that client and shares only the bounded readers: the lookup models differ in
//! the tables that they take and in the properties that they check.

mod glibc;
mod go;
mod rustix;
mod selftests;

use super::{ImageRule, always};
use crate::{Examination, LinkedImage, Rule};
use object::LittleEndian as LE;
use object::elf::STT_FUNC;
use std::collections::BTreeMap;
use vdso_abi::exports::VERSION;
use vdso_elf::dynamic::Dynamic;
use vdso_elf::error::Error;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;
use vdso_elf::symbols::{Symbols, exported};
use vdso_elf::versions::{Definition, definitions};

pub(super) static RULES: &[ImageRule] = &[
    ImageRule {
        rule: Rule {
            id: "image-consumers/glibc",
            title: "glibc's lookup gives a wrong result",
            requirement: "glibc finds every function at its version, and does not find an absent name or version",
            reason: "Its loader takes DT_GNU_HASH, trusts the Bloom filter, and compares versions by hash and name.",
            breaks: "Every dynamically linked program on a distribution with glibc 2.41 or newer.",
        },
        applies: always,
        apply: |linked, examination| look_up(linked, examination, glibc::look_up),
    },
    ImageRule {
        rule: Rule {
            id: "image-consumers/go",
            title: "the Go runtime's lookup gives a wrong result",
            requirement: "the Go runtime finds every function at its version, and does not find an absent name or \
                          version",
            reason: "It has a separate reader without a Bloom filter, and finds the version first.",
            breaks: "Every Go program from 1.24 on: without the vDSO each read of crypto/rand is a system call.",
        },
        applies: always,
        apply: |linked, examination| look_up(linked, examination, go::look_up),
    },
    ImageRule {
        rule: Rule {
            id: "image-consumers/kernel-selftests",
            title: "the kernel self-tests' lookup gives a wrong result",
            requirement: "the parser of the kernel's self-tests finds every function in either table, and does not find \
                          an absent name or version",
            reason: "It is the reference that other runtimes copy; that of 6.1 knows DT_HASH only, later ones prefer \
                     DT_GNU_HASH.",
            breaks: "The tests of the kernel tree, and every runtime that copied the parser.",
        },
        applies: always,
        apply: kernel_selftests,
    },
    ImageRule {
        rule: Rule {
            id: "image-consumers/rustix",
            title: "rustix' lookup gives a wrong result",
            requirement: "rustix accepts the image, finds every function at its version, and does not find an absent \
                          name or version",
            reason: "It is the strictest lookup model: it rejects an unusual header and panics at an address outside of \
                     the image.",
            breaks: "Rust programs without libc; with a wrong address they end at start-up.",
        },
        applies: always,
        apply: |linked, examination| look_up(linked, examination, rustix::look_up),
    },
];

/// The lookup of a client: the address of a function by its name and version, or the reason for a miss.
type LookUp = fn(&ElfFile<'_>, &str, &str) -> Result<u64, &'static str>;

/// A name that no image has, as long as the longest that one has.
const NO_SUCH_FUNCTION: &str = "__vdso_no_such_function";
/// A version that no image defines.
const NO_SUCH_VERSION: &str = "LINUX_0.0";

fn kernel_selftests(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    look_up(linked, examination, selftests::look_up_sysv)?;
    look_up(linked, examination, selftests::look_up_gnu)
}

/// Looks for all that the image should have, and for what it should not.
fn look_up(linked: &LinkedImage, examination: &mut Examination, look_up: LookUp) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    for (name, address) in expected(linked, &elf) {
        let place = Place::new(".dynsym", 0).in_symbol(name);
        let found = look_up(&elf, name, VERSION);
        let shown = match found {
            Ok(found) => format!("{name}@{VERSION} is found at {found:#x}"),
            Err(reason) => format!("{name}@{VERSION} is missed: {reason}"),
        };
        examination.expect(found == Ok(address), place.clone(), shown, format_args!("{address:#x}"));
        let other = look_up(&elf, name, NO_SUCH_VERSION);
        examination.expect(other.is_err(), place, format_args!("{name}@{NO_SUCH_VERSION} is found"), "a miss");
    }
    let missing = look_up(&elf, NO_SUCH_FUNCTION, VERSION);
    examination.expect(missing.is_err(), Place::default(), format_args!("{NO_SUCH_FUNCTION} is found"), "a miss");
    Ok(())
}

/// The functions that clients should find, with their addresses: all that the symbol table has, and what of ours it has as
/// something else than a function. Other rules report a function that is missing.
fn expected<'data>(linked: &LinkedImage, elf: &ElfFile<'data>) -> BTreeMap<&'data str, u64> {
    let declared = |name: &str| linked.exports.iter().any(|export| export.name == name);
    let all = exported(elf, &Dynamic::of(elf)).into_iter();
    let expected = all.filter(|export| export.symbol.st_type() == STT_FUNC || declared(export.name));
    expected.map(|export| (export.name, export.symbol.st_value.get(LE))).collect()
}

/// The definition of a version other than that of the file itself, by its index.
fn definition<'data>(dynamic: &Dynamic<'data>, index: u16) -> Option<Definition<'data>> {
    definitions(dynamic).into_iter().find(|definition| !definition.base && definition.index & 0x7fff == index)
}

/// Whether a symbol of the table has a name.
fn is_named(dynamic: &Dynamic<'_>, index: u32, name: &str) -> bool {
    let symbols = Symbols::of(dynamic);
    symbols.get(index).and_then(|symbol| symbols.name(symbol)) == Some(name.as_bytes())
}
