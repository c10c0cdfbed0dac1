// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The dynamic table, and the two hash tables that it leads to.

use super::{Subject, hex, names, text};
use object::elf::{
    self, DT_GNU_HASH, DT_HASH, DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, DT_STRTAB, DT_SYMTAB, DT_VERDEF, DT_VERSYM,
    DynamicTag,
};
use vdso_elf::dynamic::{Dynamic, Entry};
use vdso_elf::hash::{GnuHash, SysvHash};
use vdso_elf::parser::ElfFile;
use vdso_elf::place::Place;
use vdso_elf::symbols::{ExportedSymbol, Symbols, exported};

/// The entries that hold an address.
const TABLES: [DynamicTag; 6] = [DT_HASH, DT_GNU_HASH, DT_SYMTAB, DT_STRTAB, DT_VERSYM, DT_VERDEF];
/// The entries that hold an offset in the string table.
const STRINGS: [DynamicTag; 4] = [DT_SONAME, DT_NEEDED, DT_RPATH, DT_RUNPATH];

/// All entries by tag, in the order of the table.
pub(crate) fn dynamic(elf: &ElfFile<'_>) -> Vec<Subject> {
    let dynamic = Dynamic::of(elf);
    let entries = dynamic.entries.iter().enumerate();
    let subjects = entries.map(|(index, entry)| {
        // The ABI gives one field two names.
        let field = if TABLES.contains(&entry.tag) { "d_ptr" } else { "d_val" };
        let mut fields = vec![("index", index.to_string()), (field, hex(entry.value))];
        fields.extend(string_of(&dynamic, entry).map(|string| ("string", string)));
        Subject::new(format!("dynamic[{:?}]", entry.tag), Place::new(".dynamic", entry.offset), fields)
    });
    subjects.collect()
}

/// The string that an entry stands for, where it is of a kind that does.
pub(crate) fn string_of(dynamic: &Dynamic<'_>, entry: &Entry) -> Option<String> {
    let string = || Symbols::of(dynamic).string(entry.value);
    STRINGS.contains(&entry.tag).then(|| string().map_or("outside of the string table".into(), text))
}

/// The sizes of the hash tables, and the exports to which they do not lead.
pub(super) fn hash_tables(elf: &ElfFile<'_>) -> Vec<Subject> {
    let dynamic = Dynamic::of(elf);
    let exports = exported(elf, &dynamic);
    let missed = |leads_to: &dyn Fn(&ExportedSymbol<'_>) -> bool| {
        names(exports.iter().filter(|export| !leads_to(export)).map(|export| export.name.to_owned()))
    };
    let sysv = SysvHash::of(&dynamic).map(|table| {
        let leads_to =
            |it: &ExportedSymbol<'_>| table.bucket(elf::hash(it.name.as_bytes())).any(|index| index == it.index);
        let fields = vec![
            ("buckets", table.buckets.len().to_string()),
            ("chains", table.chains.len().to_string()),
            ("missed", missed(&leads_to)),
        ];
        Subject::new("hash[DT_HASH]", Place::new(".hash", 0), fields)
    });
    let gnu = GnuHash::of(&dynamic).map(|table| {
        let leads_to = |it: &ExportedSymbol<'_>| {
            let hash = elf::gnu_hash(it.name.as_bytes());
            let right = (it.index, hash | 1);
            table.may_contain(hash) && table.bucket(hash).any(|(index, stored)| (index, stored | 1) == right)
        };
        let fields = vec![
            ("buckets", table.buckets.len().to_string()),
            ("symbol_base", table.symbol_base.to_string()),
            ("bloom_words", table.bloom.len().to_string()),
            ("bloom_shift", table.bloom_shift.to_string()),
            ("missed", missed(&leads_to)),
        ];
        Subject::new("hash[DT_GNU_HASH]", Place::new(".gnu.hash", 0), fields)
    });
    sysv.into_iter().chain(gnu).collect()
}
