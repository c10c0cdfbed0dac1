// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The shared data before the image: its symbols, and the references to it.

use super::code::functions;
use super::{Subject, signed, text};
use crate::DataPageLayout;
use object::LittleEndian as LE;
use std::collections::BTreeMap;
use vdso_abi::PAGE_SIZE;
use vdso_abi::exports::DATA_SYMBOLS;
use vdso_elf::memory::Memory;
use vdso_elf::notes::linux_version;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;
use vdso_elf::references::references;

/// The symbols whose values lie before the image, which only a file for debuggers has, and the places outside of the
/// image that exported functions refer to along every path.
pub(super) fn data_page(elf: &ElfFile<'_>) -> Vec<Subject> {
    let table = elf.elf_symbol_table();
    let mut symbols: Vec<_> = table
        .iter()
        .filter_map(|it| {
            let value = it.st_value.get(LE).cast_signed();
            Some((value, text(table.symbol_name(LE, it).ok()?))).filter(|_| value < 0)
        })
        .collect();
    symbols.sort();
    let symbols = symbols.into_iter().map(|(value, name)| {
        let place = Place::new(".symtab", 0).in_symbol(&name);
        Subject::new(format!("symbol[{name}]"), place, vec![("value", signed(value))])
    });

    let mapped = Memory::of(elf).range();
    let mut outside: BTreeMap<i64, usize> = BTreeMap::new();
    let targets = references(elf, functions(elf).into_iter().map(|function| function.start).collect()).targets;
    for target in targets.into_values().filter(|target| !mapped.contains(target)) {
        *outside.entry(target.cast_signed()).or_default() += 1;
    }
    let layout = linux_version(elf).and_then(DataPageLayout::of_version);
    let references = outside.into_iter().map(|(target, count)| {
        let mut fields = vec![("references", count.to_string())];
        fields.extend(layout.and_then(|layout| symbol_at(layout, target)).map(|symbol| ("symbol", symbol)));
        Subject::new(format!("data[{}]", signed(target)), Place::default(), fields)
    });
    symbols.chain(references).collect()
}

/// The last symbol of a layout in the page of a place, with the distance from it.
fn symbol_at(layout: &DataPageLayout, place: i64) -> Option<String> {
    let page = place.div_euclid(PAGE_SIZE as i64);
    let values = DATA_SYMBOLS.iter().filter_map(|&name| Some((layout.value_of(name)?, name)));
    let before = values.filter(|(value, _)| *value <= place && value.div_euclid(PAGE_SIZE as i64) == page);
    // Where two symbols stand for one place, the kernel's own name for it is the first.
    let (value, name) = before.rev().max_by_key(|(value, _)| *value)?;
    Some(format!("{name}+{:#x}", place - value))
}
