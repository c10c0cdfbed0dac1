// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Rules for what lies outside of the image: the shared data, and the tables that the kernel itself reads.

use super::{ImageRule, always, debug_file};
use crate::dump::signed;
use crate::{DataPageLayout, Examination, LinkedImage, Rule};
use object::LittleEndian as LE;
use std::ops::Range;
use vdso_abi::exports::{DATA_SYMBOLS, VDSO_RNG_DATA};
use vdso_abi::rng_data::{CLOCK_MODE_OFFSET, VdsoRngData};
use vdso_elf::alternatives::{Alternative, Alternatives, RECORDS, alternatives};
use vdso_elf::dynamic::Dynamic;
use vdso_elf::error::Error;
use vdso_elf::memory::Memory;
use vdso_elf::place::Place;
use vdso_elf::references::{References, references};
use vdso_elf::sections::{Section, content, place, section, sections};
use vdso_elf::symbols::exported;

pub(super) static RULES: &[ImageRule] = &[
    ImageRule {
        rule: Rule {
            id: "image-data-page/references",
            title: "code refers to an unknown place outside of the image",
            requirement: "each reference of our code outside of the image is one of the three places of the kernel's \
                          data-page layout",
            reason: "The distance to the shared data is part of the code, and each kernel series has its layout.",
            breaks: "A wrong place holds another value: if the generation never changes, no reseed is seen.",
        },
        applies: always,
        apply: outside,
    },
    ImageRule {
        rule: Rule {
            id: "image-data-page/complete",
            title: "code does not refer to each place of the layout",
            requirement: "our code refers to each place of the layout, and every path of it can be decoded",
            reason: "Code without a reference to one of them was built for another purpose, or linked with two values \
                     for one place.",
            breaks: "Without the time-namespace data page a container reads 0 as the generation and makes a system call \
                     for each draw.",
        },
        applies: always,
        apply: complete,
    },
    ImageRule {
        rule: Rule {
            id: "image-data-page/symbols",
            title: "data symbol has another value than the layout",
            requirement: "an unstripped file gives the three data symbols the values of the layout",
            reason: "They are the only record in an image of the layout that it was linked for; a splice adds those \
                     that its original lacks.",
            breaks: "The next splice, which takes its layout from them; vdso2c checks its own symbols only.",
        },
        applies: debug_file,
        apply: symbols,
    },
    ImageRule {
        rule: Rule {
            id: "image-data-page/kernel-tables",
            title: "a table of the kernel differs from the original",
            requirement: "alternatives and exception table are those of the original, at the same place",
            reason: "The kernel patches the image at boot by offsets into it, and looks up faults in SGX calls by them.",
            breaks: "Patches, which change other instructions; a fault in an enclave call kills the process instead of \
                     being reported.",
        },
        applies: has_kernel_tables,
        apply: kernel_tables,
    },
    ImageRule {
        rule: Rule {
            id: "image-data-page/alternatives",
            title: "alternative leaves the kernel's code",
            requirement: "each alternative replaces code of the kernel itself by at most as many bytes of the image",
            reason: "The kernel applies them at boot without checking the bytes that it replaces, and only on \
                     processors with the feature: the verified code is not the code that runs.",
            breaks: "Processes on some machines: bytes that are not the kernel's own code, or that follow the replaced \
                     instruction, are overwritten.",
        },
        applies: |linked| linked.image.elf().is_ok_and(|elf| alternatives(&elf).is_some()),
        apply: replaced,
    },
];

/// The sections that the kernel reads from the image.
const KERNEL_TABLES: [&str; 3] = [RECORDS, ".altinstr_replacement", "__ex_table"];

/// How many bytes our code may read at a data symbol: all of the rng data, and `struct vdso_data` up to `clock_mode`.
fn extent(symbol: &str) -> i64 {
    let extent = if symbol == VDSO_RNG_DATA { size_of::<VdsoRngData>() } else { CLOCK_MODE_OFFSET + size_of::<u32>() };
    extent as i64
}

/// Whether an address is at a data symbol of the layout.
fn is_at(layout: &DataPageLayout, symbol: &str, address: u64) -> bool {
    // Addresses below the base are negative offsets in two's complement.
    let value = layout.value_of(symbol);
    value.is_some_and(|value| (value..value + extent(symbol)).contains(&address.cast_signed()))
}

/// The references of the expected exports; all other exports belong to the kernel and are not followed.
fn ours(linked: &LinkedImage) -> Result<References, Error> {
    let elf = linked.image.elf()?;
    let exports = exported(&elf, &Dynamic::of(&elf)).into_iter();
    let ours = exports.filter(|symbol| linked.exports.iter().any(|export| export.name == symbol.name));
    Ok(references(&elf, ours.map(|symbol| symbol.symbol.st_value.get(LE)).collect()))
}

fn outside(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let References { targets, .. } = ours(linked)?;
    let layout = &linked.layout;
    for (from, target) in targets.iter().filter(|(_, target)| !Memory::of(&elf).range().contains(target)) {
        examination.look();
        if !DATA_SYMBOLS.iter().any(|symbol| is_at(layout, symbol, *target)) {
            let places: Vec<_> = DATA_SYMBOLS.iter().filter_map(|name| Some((name, layout.value_of(name)?))).collect();
            let wanted: Vec<_> = places.iter().map(|(name, value)| format!("{} ({name})", signed(*value))).collect();
            let cause = "the image was linked for another kernel series, or the code is not that of our object";
            let found = format!("a reference to {}", signed(target.cast_signed()));
            examination.find(place(&elf, *from), found, format!("{} of {}", wanted.join(", "), layout.name), cause);
        }
    }
    Ok(())
}

fn complete(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let References { targets, stray, .. } = ours(linked)?;
    for name in DATA_SYMBOLS {
        let read = targets.values().any(|target| is_at(&linked.layout, name, *target));
        let wanted = format!("a reference to {} ({})", name, signed(linked.layout.value_of(name).unwrap_or(0)));
        examination.expect(read, Place::default(), format_args!("no reference to {name}"), wanted);
    }
    for (from, reason) in stray {
        examination.find(
            place(&elf, from),
            reason,
            "code that can be followed to its end",
            "the function was cut or moved",
        );
    }
    Ok(())
}

fn symbols(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let table = elf.elf_symbol_table();
    for name in DATA_SYMBOLS {
        let matching =
            table.iter().filter(|symbol| table.symbol_name(LE, symbol).is_ok_and(|it| it == name.as_bytes()));
        let values: Vec<_> = matching.map(|symbol| symbol.st_value.get(LE).cast_signed()).collect();
        let wanted = linked.layout.value_of(name).unwrap_or(0);
        let shown: Vec<_> = values.iter().map(|value| signed(*value)).collect();
        examination.expect(
            !values.is_empty() && values.iter().all(|value| *value == wanted),
            Place::new(".symtab", 0).in_symbol(name),
            if shown.is_empty() { "no such symbol".into() } else { shown.join(", ") },
            format_args!("{}, as on {}", signed(wanted), linked.layout.name),
        );
    }
    Ok(())
}

fn replaced(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let Some(Alternatives { records, rest }) = alternatives(&elf) else { return Ok(()) };
    let sections = sections(&elf);
    let ours = ours(linked)?.instructions;
    for Alternative { offset, instruction, replacement, .. } in records {
        let within = |it: &Section<'_>, range: &Range<u64>| {
            it.is_allocated() && it.addresses().start <= range.start && range.end <= it.addresses().end
        };
        let is_code = sections.iter().any(|it| it.is_text() && within(it, &instruction));
        let last_before_end = ours.range(..instruction.end).next_back();
        let is_ours = last_before_end.is_some_and(|(_, end)| *end > instruction.start);
        let length = |range: &Range<u64>| range.end - range.start;
        let fits = length(&replacement) <= length(&instruction);
        let whose = if is_ours { ", which is ours," } else { "" };
        examination.expect(
            is_code && !is_ours && fits && sections.iter().any(|it| within(it, &replacement)),
            Place::new(RECORDS, offset),
            format_args!(
                "{:#x}..{:#x}{whose} is replaced by {:#x}..{:#x}",
                instruction.start, instruction.end, replacement.start, replacement.end
            ),
            "code of the kernel's own, and no more bytes for it",
        );
    }
    examination.expect(rest == 0, Place::new(RECORDS, 0), format_args!("{rest} bytes after the last record"), "none");
    Ok(())
}

fn has_kernel_tables(linked: &LinkedImage) -> bool {
    let Some(Ok(original)) = linked.original.as_ref().map(|original| original.elf()) else { return false };
    KERNEL_TABLES.iter().any(|name| section(&original, name).is_some())
}

fn kernel_tables(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let Some(original) = &linked.original else { return Ok(()) };
    let (old, new) = (original.elf()?, linked.image.elf()?);
    for name in KERNEL_TABLES {
        let Some(was) = section(&old, name) else { continue };
        let is = section(&new, name);
        let place = Place::new(name, 0);
        let wanted = format!("{:#x}..{:#x}, the same bytes", was.addresses().start, was.addresses().end);
        let found = is.map_or("no such section".into(), |is| {
            let bytes = if content(&new, &is) == content(&old, &was) { "the same bytes" } else { "other bytes" };
            format!("{:#x}..{:#x}, {bytes}", is.addresses().start, is.addresses().end)
        });
        examination.expect(found == wanted, place, found, wanted);
    }
    Ok(())
}
