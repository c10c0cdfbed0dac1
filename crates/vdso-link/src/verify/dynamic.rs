// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Rules for the dynamic table: what it may ask for, and that what it points to is there.

mod hash_tables;

use super::{ImageRule, always};
use crate::dump::string_of;
use crate::{Examination, LinkedImage, Rule};
use object::LittleEndian as LE;
use object::elf::{self, DF_TEXTREL, DynamicFlags, DynamicFlags1, DynamicTag, Sym64};
use vdso_abi::exports::SONAME;
use vdso_elf::dynamic::{Dynamic, Entry};
use vdso_elf::error::Error;
use vdso_elf::place::Place;
use vdso_elf::sections::sections;
use vdso_elf::symbols::{Symbols, symbol_count};
use vdso_elf::versions::definitions;

pub(super) static RULES: &[ImageRule] = &[
    ImageRule {
        rule: Rule {
            id: "image-dynamic/terminated",
            title: "dynamic table has no end",
            requirement: "the dynamic table ends with DT_NULL inside its segment",
            reason: "Clients walk the table up to DT_NULL and know no other end.",
            breaks: "glibc, Go and the kernel's self-tests, which continue into the following bytes; rustix rejects the \
                     vDSO.",
        },
        applies: always,
        apply: terminated,
    },
    ImageRule {
        rule: Rule {
            id: "image-dynamic/relocation-free",
            title: "dynamic entry requests relocation",
            requirement: "no entry requests relocation, a PLT or a GOT",
            reason: "No loader relocates a vDSO; vdso2c overlooks DT_JMPREL and DT_RELR, and the build's grep knows \
                     only a few names.",
            breaks: "Every program that uses the place: it keeps its link-time value, which is a jump to a small \
                     address or a read of wrong data.",
        },
        applies: always,
        apply: relocation_free,
    },
    ImageRule {
        rule: Rule {
            id: "image-dynamic/self-contained",
            title: "image needs another library",
            requirement: "the image needs no other library and no version of one",
            reason: "The kernel maps this one file.",
            breaks: "Every process: a symbol from elsewhere stays 0, and glibc reports an error about the vDSO.",
        },
        applies: always,
        apply: self_contained,
    },
    ImageRule {
        rule: Rule {
            id: "image-dynamic/known-tags",
            title: "unknown or repeated dynamic entry",
            requirement: "each entry is of a kind that vDSO images have, and occurs once, or is unchanged from the \
                          original",
            reason: "A linker adds an unexpected entry for a reason: constructors, search paths, debug hooks. Of two \
                     entries with one tag some clients take the first and some the last.",
            breaks: "dlopen, which rejects an image that is marked as a program; a search path reveals to every process \
                     where the image was built; rustix rejects the vDSO for the first of two DT_SYMENT.",
        },
        applies: always,
        apply: known_tags,
    },
    ImageRule {
        rule: Rule {
            id: "image-dynamic/symbol-entry",
            title: "DT_SYMENT is wrong",
            requirement: "DT_SYMENT is the size of an ELF64 symbol",
            reason: "It is the only statement of the image about the layout of its symbols.",
            breaks: "rustix, which rejects the vDSO.",
        },
        applies: always,
        apply: symbol_entry,
    },
    ImageRule {
        rule: Rule {
            id: "image-dynamic/soname",
            title: "DT_SONAME is wrong",
            requirement: "DT_SONAME is linux-vdso.so.1",
            reason: "It is the only name that the image has.",
            breaks: "ldd, gdb and dlopen, which list the vDSO by it; glibc compares it with the names of other \
                     libraries.",
        },
        applies: always,
        apply: soname,
    },
    ImageRule {
        rule: Rule {
            id: "image-dynamic/tables",
            title: "dynamic table and section headers disagree",
            requirement: "each table is named once, lies inside PT_LOAD, and is a section of the same kind, place and \
                          size",
            reason: "Processes read the dynamic table, debuggers and vdso2c the section headers: both must describe one \
                     image.",
            breaks: "Debuggers, which name other functions than those that run; clients that need a missing table find \
                     no function.",
        },
        applies: always,
        apply: tables,
    },
    ImageRule {
        rule: Rule {
            id: "image-dynamic/sysv-hash",
            title: "DT_HASH is wrong",
            requirement: "DT_HASH leads to every exported symbol by its name, once, and every chain ends",
            reason: "It is the table that all clients know, and the only one that says how many symbols there are.",
            breaks: "musl and the self-tests of older kernels, which find no function; a circular chain hangs them at \
                     start.",
        },
        applies: always,
        apply: hash_tables::sysv,
    },
    ImageRule {
        rule: Rule {
            id: "image-dynamic/gnu-hash",
            title: "DT_GNU_HASH is wrong",
            requirement: "DT_GNU_HASH leads to every exported symbol by its name, sorted by bucket, with the exact \
                          Bloom filter",
            reason: "glibc, Go and rustix prefer this table, and glibc trusts its filter.",
            breaks: "glibc, which with one bit missing does not find a function that Go finds; no client finds symbols \
                     below the base.",
        },
        applies: always,
        apply: hash_tables::gnu,
    },
];

/// The tags that request relocation.
const RELOCATION_TAGS: [DynamicTag; 16] = [
    elf::DT_REL,
    elf::DT_RELSZ,
    elf::DT_RELENT,
    elf::DT_RELCOUNT,
    elf::DT_RELA,
    elf::DT_RELASZ,
    elf::DT_RELAENT,
    elf::DT_RELACOUNT,
    elf::DT_RELR,
    elf::DT_RELRSZ,
    elf::DT_RELRENT,
    elf::DT_JMPREL,
    elf::DT_PLTREL,
    elf::DT_PLTRELSZ,
    elf::DT_PLTGOT,
    elf::DT_TEXTREL,
];

/// The tags that request another library.
const NEED_TAGS: [DynamicTag; 3] = [elf::DT_NEEDED, elf::DT_VERNEED, elf::DT_VERNEEDNUM];

/// The tags that clients use, or that only say how symbols would be bound.
const KNOWN_TAGS: [DynamicTag; 13] = [
    elf::DT_SONAME,
    elf::DT_HASH,
    elf::DT_GNU_HASH,
    elf::DT_STRTAB,
    elf::DT_STRSZ,
    elf::DT_SYMTAB,
    elf::DT_SYMENT,
    elf::DT_VERSYM,
    elf::DT_VERDEF,
    elf::DT_VERDEFNUM,
    elf::DT_SYMBOLIC,
    elf::DT_FLAGS,
    elf::DT_FLAGS_1,
];

fn place(entry: &Entry) -> Place {
    Place::new(".dynamic", entry.offset)
}

fn terminated(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let dynamic = Dynamic::of(&linked.image.elf()?);
    let end = dynamic.entries.last().map_or(0, |entry| entry.offset + 16);
    let found = format!("{} entries and no DT_NULL", dynamic.entries.len());
    examination.expect(dynamic.terminated, Place::new(".dynamic", end), found, "DT_NULL after the last entry");
    Ok(())
}

fn relocation_free(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    for entry in &Dynamic::of(&linked.image.elf()?).entries {
        let textrel = entry.tag == elf::DT_FLAGS && DynamicFlags(entry.value).contains(DF_TEXTREL);
        examination.look();
        if textrel || RELOCATION_TAGS.contains(&entry.tag) {
            examination.find(
                place(entry),
                format!("{:?} {:#x}", entry.tag, entry.value),
                "no such entry",
                "an absolute address or a symbol that is not hidden: `readelf -rW` names it",
            );
        }
    }
    Ok(())
}

fn self_contained(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    for entry in &Dynamic::of(&linked.image.elf()?).entries {
        let needs = NEED_TAGS.contains(&entry.tag);
        examination.expect(!needs, place(entry), format_args!("{:?} {:#x}", entry.tag, entry.value), "no such entry");
    }
    Ok(())
}

/// The flags that `-Bsymbolic` and `-z now` set; relocated text has a separate rule.
const KNOWN_FLAGS: DynamicFlags = DynamicFlags(elf::DF_SYMBOLIC.0 | elf::DF_BIND_NOW.0 | elf::DF_TEXTREL.0);

/// The flags that `-z now` sets; others keep `dlopen` from opening the image, or from ever closing it.
const KNOWN_FLAGS_1: DynamicFlags1 = elf::DF_1_NOW;

fn known_tags(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let original = match &linked.original {
        Some(original) => Dynamic::of(&original.elf()?).entries,
        None => Vec::new(),
    };
    let elf = linked.image.elf()?;
    let dynamic = Dynamic::of(&elf);
    let entries = &dynamic.entries;
    for entry in entries {
        // Each further flag asks the dynamic linker for something.
        let flags = match entry.tag {
            elf::DT_FLAGS => entry.value & !KNOWN_FLAGS.0 == 0,
            elf::DT_FLAGS_1 => entry.value & !KNOWN_FLAGS_1.0 == 0,
            _ => true,
        };
        let first = entries.iter().find(|it| it.tag == entry.tag) == Some(entry);
        let known = KNOWN_TAGS.contains(&entry.tag) && flags && first;
        // These have separate rules, which say more.
        let judged_elsewhere = RELOCATION_TAGS.contains(&entry.tag) || NEED_TAGS.contains(&entry.tag);
        let inherited = original.iter().any(|it| (it.tag, it.value) == (entry.tag, entry.value));
        examination.look();
        if !(known || judged_elsewhere || inherited) {
            let string = string_of(&dynamic, entry).map_or(String::new(), |string| format!(", \"{string}\""));
            examination.find(
                place(entry),
                format!("{:?} {:#x}{string}{}", entry.tag, entry.value, if first { "" } else { ", a second one" }),
                "only entries that clients use, one of each",
                "an option of the linker; where it is the kernel's own, name that kernel's image with --original",
            );
        }
    }
    Ok(())
}

fn symbol_entry(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let value = Dynamic::of(&linked.image.elf()?).value(elf::DT_SYMENT);
    let wanted = size_of::<Sym64<LE>>() as u64;
    let found = value.map_or("no DT_SYMENT".into(), |value| format!("DT_SYMENT {value}"));
    examination.expect(value == Some(wanted), Place::new(".dynamic", 0), found, wanted.to_string());
    Ok(())
}

fn soname(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let dynamic = Dynamic::of(&linked.image.elf()?);
    let name = dynamic.value(elf::DT_SONAME).and_then(|offset| Symbols::of(&dynamic).string(offset));
    let found = name.map_or("no DT_SONAME".into(), |name| format!("DT_SONAME {}", String::from_utf8_lossy(name)));
    examination.expect(name == Some(SONAME.as_bytes()), Place::new(".dynamic", 0), found, SONAME);
    Ok(())
}

fn tables(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let dynamic = Dynamic::of(&elf);
    let sections = sections(&elf);
    for (tag, kind) in [
        (elf::DT_HASH, elf::SHT_HASH),
        (elf::DT_GNU_HASH, elf::SHT_GNU_HASH),
        (elf::DT_SYMTAB, elf::SHT_DYNSYM),
        (elf::DT_STRTAB, elf::SHT_STRTAB),
        (elf::DT_VERSYM, elf::SHT_GNU_VERSYM),
        (elf::DT_VERDEF, elf::SHT_GNU_VERDEF),
    ] {
        let entries: Vec<_> = dynamic.entries.iter().filter(|entry| entry.tag == tag).collect();
        let [entry] = entries[..] else {
            examination.expect(
                false,
                Place::new(".dynamic", 0),
                format_args!("{} {tag:?}", entries.len()),
                "exactly one",
            );
            continue;
        };
        let inside = dynamic.memory.range().contains(&entry.value);
        examination.expect(
            inside,
            place(entry),
            format_args!("{tag:?} {:#x}", entry.value),
            "an address inside PT_LOAD",
        );
        let section =
            sections.iter().find(|it| it.is_allocated() && it.kind() == kind && it.addresses().start == entry.value);
        examination.expect(
            section.is_some(),
            place(entry),
            format_args!("{tag:?} {:#x}, where no section of that kind begins", entry.value),
            format_args!("the address of a section of type {kind:?}"),
        );
        let Some(section) = section else { continue };
        let size = section.addresses().end - section.addresses().start;
        let wanted = match tag {
            elf::DT_STRTAB => dynamic.value(elf::DT_STRSZ),
            elf::DT_VERSYM => Some(2 * u64::from(symbol_count(&elf, &dynamic))),
            _ => continue,
        };
        examination.expect(
            wanted == Some(size),
            Place::new(section.name.clone(), 0),
            format_args!("a section of {size:#x} bytes"),
            format_args!("{:#x}, as the dynamic table has it", wanted.unwrap_or(0)),
        );
    }
    let (count, stated) = (definitions(&dynamic).len() as u64, dynamic.value(elf::DT_VERDEFNUM));
    examination.expect(
        stated == Some(count),
        Place::new(".dynamic", 0),
        format_args!("DT_VERDEFNUM {}", stated.unwrap_or(0)),
        format_args!("{count}, the number of version definitions"),
    );
    Ok(())
}
