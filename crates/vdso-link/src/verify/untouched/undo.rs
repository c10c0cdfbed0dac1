// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Checks that a splice can be undone, and that it keeps the symbols for debuggers.

use crate::link::unsplice::{RECORD, is_spliced, unsplice};
use crate::verify::spliced;
use crate::{Examination, LinkedImage};
use object::elf::Sym64;
use object::{LittleEndian as LE, Object as _, ObjectSymbol as _};
use std::collections::BTreeSet;
use vdso_elf::error::Error;
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;

/// Whether there is or should be an undo record: without section headers no command finds it.
pub(super) fn can_be_undone(linked: &LinkedImage) -> bool {
    let has_sections = |elf: ElfFile<'_>| elf.elf_section_table().iter().len() > 0;
    let should = spliced(linked) && linked.image.elf().is_ok_and(has_sections);
    should || is_spliced(&linked.image).unwrap_or(false)
}

pub(super) fn undo(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let place = Place::new(RECORD, 0);
    match unsplice(&linked.image) {
        Ok(restored) => {
            let holds = linked.original.as_ref().is_none_or(|original| original.data() == restored.data());
            examination.expect(holds, place, "another file than the original is restored", "the original");
        }
        Err(error) => examination.expect(false, place, error.to_string(), "a record that leads to the original"),
    }
    Ok(())
}

pub(super) fn debug_symbols(linked: &LinkedImage, examination: &mut Examination) -> Result<(), Error> {
    let Some(original) = &linked.original else { return Ok(()) };
    let (old, new) = (original.elf()?, linked.image.elf()?);
    let after: BTreeSet<_> = facts(&new).collect();
    for symbol in facts(&old) {
        let name = String::from_utf8_lossy(symbol.0);
        let repointed = linked.exports.iter().any(|export| export.name == name);
        let there = repointed || after.contains(&symbol);
        let place = Place::new(".symtab", 0).in_symbol(&name);
        examination.expect(
            there,
            place,
            "no such symbol any more",
            format_args!("{:#x}, {} bytes", symbol.1, symbol.2),
        );
    }
    Ok(())
}

/// Every symbol as name, value, size, type with binding, and section.
fn facts<'data>(elf: &ElfFile<'data>) -> impl Iterator<Item = (&'data [u8], u64, u64, u8, u16)> {
    let facts = |symbol: &Sym64<LE>, name| {
        (name, symbol.st_value.get(LE), symbol.st_size.get(LE), symbol.st_info.0, symbol.st_shndx.get(LE).0)
    };
    let named = elf.symbols().map(|symbol| facts(symbol.elf_symbol(), symbol.name_bytes().unwrap_or_default()));
    named.collect::<Vec<_>>().into_iter()
}
