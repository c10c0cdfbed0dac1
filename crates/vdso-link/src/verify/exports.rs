// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Rules for what the image gives to programs: names, versions, places, and nothing less than before.

mod versions;

use super::explained::NOT_EXPORTED;
use super::{ImageRule, always, spliced};
use crate::{Examination, LinkedImage, Rule};
use object::LittleEndian as LE;
use object::elf::{SHN_ABS, SHN_UNDEF, STB_GLOBAL, STB_LOCAL, STB_WEAK, STT_FUNC, STT_OBJECT, STV_DEFAULT};
use vdso_abi::exports::{STRONG_PREFIX, VERSION};
use vdso_elf::dynamic::Dynamic;
use vdso_elf::error::Error;
use vdso_elf::memory::Memory;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;
use vdso_elf::sections::sections;
use vdso_elf::symbols::{ExportedSymbol, Symbols, exported, symbol_count, symbol_place};
use vdso_elf::versions::definitions;

pub(super) static RULES: &[ImageRule] = &[
    ImageRule {
        rule: Rule {
            id: "image-exports/declared",
            title: "export is not as declared",
            requirement: "each export exists once, as a function with a size, with the declared binding and default \
                          visibility",
            reason: "Clients accept only functions; the kernel's convention is a strong __vdso_ name and a weak short \
                     one.",
            breaks: "A client that does not find the name, which uses the system call without any message; perf, which \
                     needs the size.",
        },
        applies: always,
        apply: declared,
    },
    ImageRule {
        rule: Rule {
            id: "image-exports/text",
            title: "exported function lies outside of its section",
            requirement: "every exported function lies in full in the executable section that its symbol names",
            reason: "An address outside of the code is a jump into tables; debuggers use the section index.",
            breaks: "Every caller, which crashes; gdb, which prints ?? for a function whose symbol names another \
                     section.",
        },
        applies: always,
        apply: text,
    },
    ImageRule {
        rule: Rule {
            id: "image-exports/aliases",
            title: "short name differs from its __vdso_ name",
            requirement: "each short name has the address and size of its __vdso_ name, including the kernel's functions",
            reason: "Both names are one function; the four- and the five-argument function differ by one letter.",
            breaks: "A program that binds to the short name, which calls a function with another number of arguments.",
        },
        applies: always,
        apply: aliases,
    },
    ImageRule {
        rule: Rule {
            id: "image-exports/versions",
            title: "version definition or symbol version is wrong",
            requirement: "version definitions are well-formed and every exported function has version LINUX_2.6",
            reason: "All clients look up name and version, and compare version names by the stored hash first.",
            breaks: "glibc, Go and rustix, which treat a function of another version, or with a wrong hash, as missing.",
        },
        applies: always,
        apply: versions::check,
    },
    ImageRule {
        rule: Rule {
            id: "image-exports/undeclared",
            title: "undeclared export or undefined symbol",
            requirement: "nothing is exported but the declared names and functions of the kernel, all of them callable, \
                          and nothing is undefined",
            reason: "Every exported name is a promise to all programs for all time. The rules check functions only, but \
                     libcs look up names and versions of any type.",
            breaks: "Programs that begin to rely on the name; an undefined symbol is never bound, the loader itself \
                     calls an indirect function, a thread-local or absolute symbol leads to an arbitrary address.",
        },
        applies: always,
        apply: undeclared,
    },
    ImageRule {
        rule: Rule {
            id: "image-exports/original",
            title: "export of the original is lost or changed",
            requirement: "each export of the original keeps name, address, size, binding, type, section and version, \
                          unless it is ours",
            reason: "Programs of the running system use them all, most of them for the time of day.",
            breaks: "All programs: a lost function makes every clock_gettime a system call; a moved one jumps into the \
                     middle of another.",
        },
        applies: spliced,
        apply: original,
    },
];

/// Functions of the kernel's own 64-bit images from 6.1 to 6.18 and in 7.3, without the prefix that most of them have twice.
const KERNEL_FUNCTIONS: [&str; 9] = [
    "clock_gettime",
    "gettimeofday",
    "getcpu",
    "time",
    "clock_getres",
    "getrandom",
    "sgx_enter_enclave",
    "futex_robust_list64_try_unlock",
    "futex_robust_list32_try_unlock",
];

fn declared(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let dynamic = Dynamic::of(&elf);
    let symbols = exported(&elf, &dynamic);
    for export in linked.exports {
        let mut matching = symbols.iter().filter(|symbol| symbol.name == export.name);
        let (first, second) = (matching.next(), matching.next());
        let place = first.map_or(Place::new(".dynsym", 0).in_symbol(export.name), ExportedSymbol::place);
        let count = usize::from(first.is_some()) + usize::from(second.is_some());
        examination.look();
        if count != 1 {
            let (found, next) = match count {
                0 => (NOT_EXPORTED, "the image of a kernel takes it from our object, by `cargo xtask splice`"),
                _ => ("exported more than once", "compare `nm -D` with vdso_abi::exports"),
            };
            examination.find(place, found, "exactly one symbol", next);
            continue;
        }
        let Some(ExportedSymbol { symbol, .. }) = first else { continue };
        let binding = if export.weak { STB_WEAK } else { STB_GLOBAL };
        let (found_binding, kind) = (symbol.st_bind(), symbol.st_type());
        examination.expect(
            found_binding == binding,
            place.clone(),
            format_args!("{found_binding:?}"),
            format_args!("{binding:?}"),
        );
        examination.expect(kind == STT_FUNC, place.clone(), format_args!("{kind:?}"), "STT_FUNC");
        examination.expect(symbol.st_size.get(LE) > 0, place.clone(), "size 0", "the size of the function");
        let visibility = symbol.st_other.visibility();
        examination.expect(visibility == STV_DEFAULT, place, format_args!("{visibility:?}"), "STV_DEFAULT");
    }
    Ok(())
}

fn text(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let memory = Memory::of(&elf).range();
    let sections = sections(&elf);
    for export in functions(&elf) {
        let start = export.symbol.st_value.get(LE);
        let end = start.saturating_add(export.symbol.st_size.get(LE));
        let index = export.symbol.st_shndx.get(LE).0;
        let section = sections.iter().find(|section| section.index == usize::from(index));
        let inside = section.is_some_and(|section| {
            let range = section.addresses();
            section.is_text() && start >= range.start && start < range.end && end <= range.end && end <= memory.end
        });
        let name = section.map_or("no section", |section| section.name.as_ref());
        examination.expect(
            inside,
            export.place(),
            format_args!("{start:#x}..{end:#x} in section {index} ({name})"),
            "the index of an executable section that holds all of it",
        );
    }
    Ok(())
}

fn aliases(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let symbols = functions(&elf);
    // A missing name is a finding of `image-exports/declared`.
    let find = |name: &str| symbols.iter().find(|symbol| symbol.name == name);
    for short in &symbols {
        let strong_name = format!("{STRONG_PREFIX}{}", short.name);
        let Some(strong) = find(&strong_name) else { continue };
        let extent = |symbol: &ExportedSymbol<'_>| (symbol.symbol.st_value.get(LE), symbol.symbol.st_size.get(LE));
        let ((address, size), wanted) = (extent(short), extent(strong));
        examination.expect(
            (address, size) == wanted,
            short.place(),
            format_args!("{size:#x} bytes at {address:#x}"),
            format_args!("{:#x} bytes at {:#x}, as {strong_name}", wanted.1, wanted.0),
        );
    }
    Ok(())
}

fn undeclared(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let dynamic = Dynamic::of(&elf);
    let symbols = Symbols::of(&dynamic);
    for index in 1..symbol_count(&elf, &dynamic) {
        let Some(symbol) = symbols.get(index) else { break };
        let name = String::from_utf8_lossy(symbols.name(symbol).unwrap_or(b""));
        let found = "an undefined symbol";
        let defined = symbol.st_shndx.get(LE) != SHN_UNDEF;
        examination.expect(defined, symbol_place(index).in_symbol(&name), found, "symbols that are defined here");
        // Only glibc finds a symbol of another binding.
        let binding = symbol.st_bind();
        if !matches!(binding, STB_LOCAL | STB_GLOBAL | STB_WEAK) {
            let place = symbol_place(index).in_symbol(&name);
            examination.find(place, format!("{binding:?}"), "STB_LOCAL, STB_GLOBAL or STB_WEAK", "");
        }
    }
    for export in exported(&elf, &dynamic) {
        let declared = linked.exports.iter().any(|it| it.name == export.name);
        let kernel = KERNEL_FUNCTIONS.contains(&export.name.strip_prefix(STRONG_PREFIX).unwrap_or(export.name));
        // GNU ld makes a symbol of each version node.
        let it = export.symbol;
        let node = export.name == VERSION
            && (it.st_shndx.get(LE), it.st_type(), it.st_value.get(LE)) == (SHN_ABS, STT_OBJECT, 0);
        examination.expect(
            declared || kernel || node,
            export.place(),
            "an undeclared export",
            "a version script whose `local: *` hides it",
        );
        // The declared exports have a separate rule.
        let (kind, size, visibility) = (it.st_type(), it.st_size.get(LE), it.st_other.visibility());
        let callable = kind == STT_FUNC && size > 0 && visibility == STV_DEFAULT;
        if kernel && !declared && !callable {
            let found = format!("{kind:?} of {size} bytes, {visibility:?}");
            examination.find(export.place(), found, "STT_FUNC with a size, STV_DEFAULT", "");
        }
    }
    Ok(())
}

fn original(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let Some(original) = &linked.original else { return Ok(()) };
    let (old, new) = (original.elf()?, linked.image.elf()?);
    let facts_after = facts(&new);
    for (name, was) in facts(&old) {
        let place = Place::new(".dynsym", 0).in_symbol(&name);
        let mut matching = facts_after.iter().filter(|(it, _)| *it == name).map(|(_, facts)| facts);
        let ours = linked.exports.iter().any(|export| export.name == name);
        let holds = matching.next().is_some_and(|is| ours || *is == was) && matching.next().is_none();
        let is: Vec<_> = facts_after.iter().filter(|(it, _)| *it == name).map(|(_, facts)| facts.as_str()).collect();
        let found = if is.is_empty() { "lost".into() } else { is.join("; ") };
        examination.expect(holds, place, found, was);
    }
    Ok(())
}

/// The properties of each export, by name, in a form that can be compared and printed.
fn facts(elf: &ElfFile<'_>) -> Vec<(String, String)> {
    let dynamic = Dynamic::of(elf);
    let definitions = definitions(&dynamic);
    let sections = sections(elf);
    let all = exported(elf, &dynamic).into_iter().map(|export| {
        let symbol = export.symbol;
        let section = sections.iter().find(|section| section.index == usize::from(symbol.st_shndx.get(LE).0));
        let version = Symbols::of(&dynamic).version(export.index).map_or(0, |version| version.index().0);
        let version = definitions.iter().find(|definition| definition.index == version).and_then(|it| it.name);
        let facts = format!(
            "{:#x} bytes at {:#x}, {:?} {:?} {:?} in {} at version {}",
            symbol.st_size.get(LE),
            symbol.st_value.get(LE),
            symbol.st_bind(),
            symbol.st_type(),
            symbol.st_other,
            section.map_or("no section", |section| section.name.as_ref()),
            String::from_utf8_lossy(version.unwrap_or(b"(none)")),
        );
        (export.name.to_owned(), facts)
    });
    all.collect()
}

/// The exports that can be called.
fn functions<'data>(elf: &ElfFile<'data>) -> Vec<ExportedSymbol<'data>> {
    let all = exported(elf, &Dynamic::of(elf)).into_iter();
    all.filter(|export| export.symbol.st_type() == STT_FUNC).collect()
}
