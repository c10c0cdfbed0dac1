// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The loader of glibc (`elf/dl-lookup.c`, `elf/dl-version.c`; 2.41).
//!
//! The versions are compared as for every other library. Its own early lookups in the vDSO are laxer, so that what is found
//! here is found there.

use super::{definition, is_named};
use object::LittleEndian as LE;
use object::elf::{
    self, DT_GNU_HASH, DT_VERDEF, DT_VERSYM, SHN_ABS, STB_GLOBAL, STB_GNU_UNIQUE, STB_WEAK, STT_COMMON, STT_FUNC,
    STT_GNU_IFUNC, STT_NOTYPE, STT_OBJECT, STT_TLS,
};
use vdso_elf::dynamic::Dynamic;
use vdso_elf::hash::{GnuHash, SysvHash};
use vdso_elf::parser::ElfFile;
use vdso_elf::symbols::Symbols;

/// See [`LookUp`](super::LookUp).
pub(super) fn look_up(elf: &ElfFile<'_>, name: &str, version: &str) -> Result<u64, &'static str> {
    let dynamic = Dynamic::of(elf);
    let symbols = Symbols::of(&dynamic);
    let index = if dynamic.value(DT_GNU_HASH).is_some() {
        let table = GnuHash::of(&dynamic).ok_or("DT_GNU_HASH leaves the image")?;
        if !table.bloom.len().is_power_of_two() {
            return Err("the number of filter words is no power of two");
        }
        let hash = elf::gnu_hash(name.as_bytes());
        if !table.may_contain(hash) {
            return Err("the Bloom filter rules it out");
        }
        // The lowest bit of a stored value is the end mark.
        let mut bucket = table.bucket(hash).filter(|(_, stored)| (stored ^ hash) >> 1 == 0).map(|(index, _)| index);
        bucket.find(|&index| matches(&dynamic, index, name, version))
    } else {
        let table = SysvHash::of(&dynamic).ok_or("no hash table")?;
        table.bucket(elf::hash(name.as_bytes())).find(|&index| matches(&dynamic, index, name, version))
    };
    let symbol = index.and_then(|index| symbols.get(index)).ok_or("no symbol in its bucket matches")?;
    match symbol.st_bind() {
        STB_GLOBAL | STB_WEAK | STB_GNU_UNIQUE => Ok(symbol.st_value.get(LE)),
        _ => Err("its binding is local"),
    }
}

fn matches(dynamic: &Dynamic<'_>, index: u32, name: &str, version: &str) -> bool {
    let Some(symbol) = Symbols::of(dynamic).get(index) else { return false };
    let defined = symbol.st_value.get(LE) != 0 || symbol.st_shndx.get(LE) == SHN_ABS || symbol.st_type() == STT_TLS;
    let bindable =
        matches!(symbol.st_type(), STT_NOTYPE | STT_OBJECT | STT_FUNC | STT_COMMON | STT_TLS | STT_GNU_IFUNC);
    defined && bindable && is_named(dynamic, index, name) && has_version(dynamic, index, version)
}

fn has_version(dynamic: &Dynamic<'_>, index: u32, version: &str) -> bool {
    if dynamic.value(DT_VERSYM).is_none() || dynamic.value(DT_VERDEF).is_none() {
        return true;
    }
    let Some(found) = Symbols::of(dynamic).version(index) else { return false };
    // An index without a definition, or with hash value 0, counts as "no version" and fits any.
    match definition(dynamic, found.index().0) {
        Some(definition) if definition.hash != 0 => {
            definition.hash == elf::hash(version.as_bytes()) && definition.name == Some(version.as_bytes())
        }
        _ => !found.is_hidden(),
    }
}
