// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Rules that hold what `object` reads against what `goblin` reads: two parsers by different people.
//!
//! The rules of the other families stand on `object` and on our own readers. Where `goblin` sees something else, one of
//! them is wrong about the file, or the file means different things to different readers.

use super::{ImageRule, always};
use crate::{Examination, LinkedImage, Rule};
use goblin::elf::Elf;
use object::LittleEndian as LE;
use object::elf::{DT_NULL, DT_SONAME};
use vdso_elf::dynamic::Dynamic;
use vdso_elf::error::Error;
use vdso_elf::place::Place;
use vdso_elf::sections::sections;
use vdso_elf::symbols::{Symbols, symbol_count};

pub(super) static RULES: &[ImageRule] = &[
    ImageRule {
        rule: Rule {
            id: "image-second-opinion/segments",
            title: "two parsers read different program headers",
            requirement: "both parsers read the same program headers",
            reason: "Two readings of one file are two images.",
            breaks: "Programs that read the file as the other parser does.",
        },
        applies: always,
        apply: segments,
    },
    ImageRule {
        rule: Rule {
            id: "image-second-opinion/dynamic",
            title: "two parsers read different dynamic entries",
            requirement: "both parsers read the same dynamic entries and the same soname",
            reason: "One finds the table by PT_DYNAMIC, the other the tables by the addresses in its entries.",
            breaks: "Programs that read the file as the other parser does.",
        },
        applies: always,
        apply: dynamic,
    },
    ImageRule {
        rule: Rule {
            id: "image-second-opinion/symbols",
            title: "two parsers read different dynamic symbols",
            requirement: "both parsers read the same dynamic symbols, as many as the section header states",
            reason: "One counts them by the section header, the other by the hash tables.",
            breaks: "A symbol that only one of them sees exists for debuggers or for programs, but not for both.",
        },
        applies: always,
        apply: symbols,
    },
    ImageRule {
        rule: Rule {
            id: "image-second-opinion/sections",
            title: "two parsers read different section headers",
            requirement: "both parsers read the same section headers and names",
            reason: "vdso2c, debuggers and the splice use them.",
            breaks: "Programs that read the file as the other parser does.",
        },
        applies: always,
        apply: all_sections,
    },
];

/// The readings of both parsers, in the same words and the same order.
fn compare(examination: &mut Examination, table: &str, size: u64, object: &[String], goblin: &[String]) {
    for index in 0..object.len().max(goblin.len()) {
        let read = |rows: &[String]| rows.get(index).cloned().unwrap_or_else(|| "nothing".into());
        let (ours, theirs) = (read(object), read(goblin));
        let place = Place::new(table, size * index as u64);
        examination.expect(
            ours == theirs,
            place,
            format_args!("goblin reads {theirs}"),
            format_args!("{ours}, as object reads"),
        );
    }
}

/// Numbers with their names, in one line.
fn named(names: &[&str], numbers: &[u64]) -> String {
    let pairs: Vec<_> = names.iter().zip(numbers).map(|(name, number)| format!("{name} {number:#x}")).collect();
    pairs.join(", ")
}

/// The image as `goblin` reads it; where it does not, that is the finding.
fn second<'data>(linked: &'data LinkedImage, examination: &mut Examination) -> Option<Elf<'data>> {
    let parsed = Elf::parse(linked.image.data());
    if let Err(error) = &parsed {
        examination.expect(
            false,
            Place::new("ELF header", 0),
            format_args!("goblin refuses the file: {error}"),
            "a file that both read",
        );
    }
    parsed.ok()
}

fn segments(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let Some(goblin) = second(linked, examination) else { return Ok(()) };
    let row = |kind: u32, flags: u32, numbers: [u64; 6]| {
        let names = ["p_offset", "p_vaddr", "p_paddr", "p_filesz", "p_memsz", "p_align"];
        format!("type {kind:#x}, flags {flags:#x}, {}", named(&names, &numbers))
    };
    let object = elf.elf_program_headers().iter().map(|it| {
        let numbers = [&it.p_offset, &it.p_vaddr, &it.p_paddr, &it.p_filesz, &it.p_memsz, &it.p_align];
        row(it.p_type.get(LE).0, it.p_flags.get(LE).0, numbers.map(|number| number.get(LE)))
    });
    let goblin = goblin.program_headers.iter().map(|it| {
        row(it.p_type, it.p_flags, [it.p_offset, it.p_vaddr, it.p_paddr, it.p_filesz, it.p_memsz, it.p_align])
    });
    compare(examination, "program headers", 56, &object.collect::<Vec<_>>(), &goblin.collect::<Vec<_>>());
    Ok(())
}

fn dynamic(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let Some(goblin) = second(linked, examination) else { return Ok(()) };
    let dynamic = Dynamic::of(&elf);
    let row = |tag: u64, value: u64| format!("tag {tag:#x}, value {value:#x}");
    let object: Vec<_> = dynamic.entries.iter().map(|entry| row(entry.tag.0.cast_unsigned(), entry.value)).collect();
    let entries = goblin.dynamic.as_ref().map_or(&[][..], |dynamic| &dynamic.dyns);
    let entries = entries.iter().filter(|entry| entry.d_tag != DT_NULL.0.cast_unsigned());
    let entries: Vec<_> = entries.map(|entry| row(entry.d_tag, entry.d_val)).collect();
    compare(examination, ".dynamic", 16, &object, &entries);
    let soname = dynamic.value(DT_SONAME).and_then(|offset| Symbols::of(&dynamic).string(offset));
    let (ours, theirs) = (String::from_utf8_lossy(soname.unwrap_or(b"")), goblin.soname.unwrap_or(""));
    compare(examination, ".dynstr", 0, &[format!("soname {ours:?}")], &[format!("soname {theirs:?}")]);
    Ok(())
}

fn symbols(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let Some(goblin) = second(linked, examination) else { return Ok(()) };
    let row = |name: &str, info: u8, other: u8, section: u16, value: u64, size: u64| {
        format!("{name:?}, info {info:#x}, other {other:#x}, section {section}, value {value:#x}, size {size:#x}")
    };
    let dynamic = Dynamic::of(&elf);
    let symbols = Symbols::of(&dynamic);
    let object: Vec<_> = (0..symbol_count(&elf, &dynamic))
        .map_while(|index| symbols.get(index))
        .map(|it| {
            let name = String::from_utf8_lossy(symbols.name(it).unwrap_or(b""));
            row(&name, it.st_info.0, it.st_other.0, it.st_shndx.get(LE).0, it.st_value.get(LE), it.st_size.get(LE))
        })
        .collect();
    // One more than there may be is one too many.
    let goblin_rows = goblin.dynsyms.iter().take(object.len() + 1).map(|it| {
        let name = goblin.dynstrtab.get_at(it.st_name).unwrap_or("");
        // Indices of sections are 16 bits wide in the file.
        row(name, it.st_info, it.st_other, it.st_shndx as u16, it.st_value, it.st_size)
    });
    compare(examination, ".dynsym", 24, &object, &goblin_rows.collect::<Vec<_>>());
    Ok(())
}

fn all_sections(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let elf = linked.image.elf()?;
    let Some(goblin) = second(linked, examination) else { return Ok(()) };
    let row = |name: &str, kind: u32, numbers: [u64; 8]| {
        let names = ["flags", "addr", "offset", "size", "addralign", "entsize", "link", "info"];
        format!("{name:?}, type {kind:#x}, {}", named(&names, &numbers))
    };
    let object = sections(&elf).into_iter().map(|section| {
        let it = section.header;
        let wide =
            [&it.sh_addr, &it.sh_offset, &it.sh_size, &it.sh_addralign, &it.sh_entsize].map(|field| field.get(LE));
        let [address, offset, size, align, entry] = wide;
        let (link, info) = (it.sh_link.get(LE).into(), it.sh_info.get(LE).into());
        let numbers = [it.sh_flags.get(LE).0, address, offset, size, align, entry, link, info];
        row(&section.name, it.sh_type.get(LE).0, numbers)
    });
    let goblin_rows = goblin.section_headers.iter().skip(1).map(|it| {
        let name = goblin.shdr_strtab.get_at(it.sh_name).unwrap_or("");
        let (link, info) = (it.sh_link.into(), it.sh_info.into());
        let numbers = [it.sh_flags, it.sh_addr, it.sh_offset, it.sh_size, it.sh_addralign, it.sh_entsize, link, info];
        row(name, it.sh_type, numbers)
    });
    compare(examination, "section headers", 64, &object.collect::<Vec<_>>(), &goblin_rows.collect::<Vec<_>>());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{RULES, compare};
    use crate::Examination;

    #[test]
    fn rows_that_differ_or_are_missing_are_found() {
        let rows = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>();
        for (goblin, findings) in
            [(rows(&["a", "b"]), 0), (rows(&["a", "c"]), 1), (rows(&["a"]), 1), (rows(&["b", "a", "b"]), 3)]
        {
            let mut examination = Examination::of(&RULES[0].rule);
            compare(&mut examination, ".dynsym", 24, &rows(&["a", "b"]), &goblin);
            assert_eq!(examination.findings.len(), findings, "{goblin:?}");
            assert_eq!(examination.examined, goblin.len().max(2));
        }
    }
}
