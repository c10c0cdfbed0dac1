// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Functions of an image by name: its exports and, where it still has a `.symtab`, everything else.

use object::{Object, ObjectSymbol, SymbolKind};
use std::collections::BTreeMap;
use vdso_link::object_file::ElfFile;

/// Offsets of functions from the image's base, in bytes, by name.
pub(crate) fn functions(elf: &ElfFile<'_>) -> BTreeMap<String, u64> {
    elf.symbols()
        .chain(elf.dynamic_symbols())
        .filter(|symbol| symbol.is_definition() && symbol.kind() == SymbolKind::Text)
        .filter_map(|symbol| Some((symbol.name().ok()?.to_owned(), symbol.address())))
        .collect()
}
