// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The kernel's self-tests (`tools/testing/selftests/vDSO/parse_vdso.c`; `DT_HASH` alone in 6.1, `DT_GNU_HASH` first in
//! later lines).

use super::{definition, is_named};
use object::LittleEndian as LE;
use object::elf::{self, DT_VERDEF, DT_VERSYM, SHN_UNDEF, STB_GLOBAL, STB_WEAK, STT_FUNC};
use vdso_elf::dynamic::Dynamic;
use vdso_elf::hash::{GnuHash, SysvHash};
use vdso_elf::parser::ElfFile;
use vdso_elf::symbols::Symbols;

/// See [`LookUp`](super::LookUp); by `DT_HASH`.
pub(super) fn look_up_sysv(elf: &ElfFile<'_>, name: &str, version: &str) -> Result<u64, &'static str> {
    let dynamic = Dynamic::of(elf);
    let table = SysvHash::of(&dynamic).ok_or("no DT_HASH, or one that leaves the image")?;
    let bucket = table.bucket(elf::hash(name.as_bytes()));
    first_match(&dynamic, bucket, name, version).ok_or("no symbol in its bucket of DT_HASH matches")
}

/// See [`LookUp`](super::LookUp); by `DT_GNU_HASH`.
pub(super) fn look_up_gnu(elf: &ElfFile<'_>, name: &str, version: &str) -> Result<u64, &'static str> {
    let dynamic = Dynamic::of(elf);
    let table = GnuHash::of(&dynamic).ok_or("no DT_GNU_HASH, or one that leaves the image")?;
    let hash = elf::gnu_hash(name.as_bytes());
    let bucket = table.bucket(hash).filter(|(_, stored)| stored | 1 == hash | 1).map(|(index, _)| index);
    first_match(&dynamic, bucket, name, version).ok_or("no symbol in its bucket of DT_GNU_HASH matches")
}

fn first_match(dynamic: &Dynamic<'_>, mut bucket: impl Iterator<Item = u32>, name: &str, version: &str) -> Option<u64> {
    let symbols = Symbols::of(dynamic);
    let index = bucket.find(|&index| {
        let callable = symbols.get(index).is_some_and(|symbol| {
            symbol.st_type() == STT_FUNC
                && matches!(symbol.st_bind(), STB_GLOBAL | STB_WEAK)
                && symbol.st_shndx.get(LE) != SHN_UNDEF
        });
        callable && is_named(dynamic, index, name) && has_version(dynamic, index, version)
    })?;
    Some(symbols.get(index)?.st_value.get(LE))
}

/// Versions count only where there are both tables.
fn has_version(dynamic: &Dynamic<'_>, index: u32, version: &str) -> bool {
    if dynamic.value(DT_VERSYM).is_none() || dynamic.value(DT_VERDEF).is_none() {
        return true;
    }
    let found = Symbols::of(dynamic).version(index);
    found.and_then(|found| definition(dynamic, found.index().0)).is_some_and(|definition| {
        definition.hash == elf::hash(version.as_bytes()) && definition.name == Some(version.as_bytes())
    })
}
