// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The Go runtime (`runtime/vdso_linux.go`; 1.24).

use super::is_named;
use object::LittleEndian as LE;
use object::elf::{self, DT_GNU_HASH, DT_VERDEF, SHN_UNDEF, STB_GLOBAL, STB_WEAK, STT_FUNC};
use vdso_elf::dynamic::Dynamic;
use vdso_elf::hash::{GnuHash, SysvHash};
use vdso_elf::parser::ElfFile;
use vdso_elf::symbols::Symbols;
use vdso_elf::versions::definitions;

/// See [`LookUp`](super::LookUp).
pub(super) fn look_up(elf: &ElfFile<'_>, name: &str, version: &str) -> Result<u64, &'static str> {
    let dynamic = Dynamic::of(elf);
    let hash = elf::hash(version.as_bytes());
    // The version comes first: its index is compared with that of each symbol. Index 0 stands for "do not compare".
    let wanted = definitions(&dynamic)
        .into_iter()
        .find(|it| !it.base && it.hash == hash && it.name == Some(version.as_bytes()))
        .map(|definition| definition.index & 0x7fff);
    let versioned = dynamic.value(DT_VERDEF).is_some();
    let fits = |&index: &u32| {
        let symbols = Symbols::of(&dynamic);
        let Some(symbol) = symbols.get(index) else { return false };
        let callable = symbol.st_type() == STT_FUNC
            && matches!(symbol.st_bind(), STB_GLOBAL | STB_WEAK)
            && symbol.st_shndx.get(LE) != SHN_UNDEF;
        let right_version = || match symbols.version(index) {
            Some(found) if versioned && wanted != Some(0) => Some(found.index().0) == wanted,
            _ => true,
        };
        callable && is_named(&dynamic, index, name) && right_version()
    };
    let index = if dynamic.value(DT_GNU_HASH).is_some() {
        let hash = elf::gnu_hash(name.as_bytes());
        let table = GnuHash::of(&dynamic).ok_or("DT_GNU_HASH leaves the image")?;
        let mut bucket = table.bucket(hash).filter(|(_, stored)| stored | 1 == hash | 1).map(|(index, _)| index);
        bucket.find(fits)
    } else {
        let table = SysvHash::of(&dynamic).ok_or("no hash table")?;
        table.bucket(elf::hash(name.as_bytes())).find(fits)
    };
    let symbol = index.and_then(|index| Symbols::of(&dynamic).get(index)).ok_or("no symbol in its bucket matches")?;
    Ok(symbol.st_value.get(LE))
}
