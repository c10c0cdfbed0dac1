// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The exports, and the functions for debuggers.

use super::code::{Code, functions};
use super::{Subject, hex, text};
use object::LittleEndian as LE;
use object::elf::{SHN_ABS, STT_FUNC};
use std::collections::{HashMap, HashSet};
use vdso_elf::dynamic::Dynamic;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;
use vdso_elf::sections::sections;
use vdso_elf::symbols::{Symbols, exported};
use vdso_elf::versions::definitions;

/// All exported symbols, by name.
pub(super) fn exports(elf: &ElfFile<'_>) -> Vec<Subject> {
    let dynamic = Dynamic::of(elf);
    let (symbols, sections, code) = (Symbols::of(&dynamic), sections(elf), Code::of(elf));
    let versions: HashMap<_, _> = definitions(&dynamic).into_iter().map(|it| (it.index, it.name)).collect();
    let mut exports = exported(elf, &dynamic);
    // The order of the table follows the hash table, which no reader cares for.
    exports.sort_by_key(|export| export.name);
    let subjects = exports.iter().map(|export| {
        let it = export.symbol;
        let (address, size, index) = (it.st_value.get(LE), it.st_size.get(LE), it.st_shndx.get(LE));
        let version = symbols.version(export.index);
        let version = version.and_then(|version| *versions.get(&version.index().0)?);
        let section = usize::from(index.0).checked_sub(1).and_then(|index| sections.get(index));
        let section = match section {
            _ if index == SHN_ABS => "SHN_ABS".into(),
            Some(section) => text(section.bytes),
            None => format!("none, index {}", index.0),
        };
        let mut fields = vec![
            ("version", version.map_or("none".into(), text)),
            ("address", hex(address)),
            ("size", hex(size)),
            ("binding", format!("{:?}", it.st_bind())),
            ("type", format!("{:?}", it.st_type())),
            ("visibility", format!("{:?}", it.st_other.visibility())),
            ("section", section),
        ];
        if it.st_type() == STT_FUNC {
            fields.extend(code.digest(address, size).map(|digest| ("code", digest)));
        }
        let name = text(symbols.name(it).unwrap_or_default());
        Subject::new(format!("export[{name}]"), export.place(), fields)
    });
    subjects.collect()
}

/// The functions that only a file for debuggers names, by address.
pub(super) fn debug_functions(elf: &ElfFile<'_>) -> Vec<Subject> {
    let exported: HashSet<_> = exported(elf, &Dynamic::of(elf)).iter().map(|it| it.symbol.st_value.get(LE)).collect();
    let code = Code::of(elf);
    let internal = functions(elf).into_iter().filter(|function| !exported.contains(&function.start));
    let subjects = internal.map(|function| {
        let size = function.end - function.start;
        let mut fields = vec![("address", hex(function.start)), ("size", hex(size))];
        fields.extend(code.digest(function.start, size).map(|digest| ("code", digest)));
        let place = Place::new(".symtab", 0).in_symbol(&function.name);
        Subject::new(format!("function[{}]", function.name), place, fields)
    });
    subjects.collect()
}
