// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Symbols that one client misses and others find, and bytes that two parsers read in two ways.

use super::{Case, alone, with};
use object::elf::{PT_GNU_RELRO, PT_GNU_STACK};
use vdso_fixtures::images::Kind::Debug;

pub fn cases() -> Vec<Case> {
    vec![
        with(
            "image-consumers/glibc",
            // The filter is no longer exact. Only glibc reads it.
            &["image-dynamic/gnu-hash"],
            "a bit too few in the filter",
            Debug,
            |it| {
                let hash = object::elf::gnu_hash(b"__vdso_getrandom");
                let filter = it.content(".gnu.hash") + 16;
                it.put_u64(filter, it.u64(filter) & !(1 << (hash % 64)));
            },
        ),
        with(
            "image-consumers/go",
            // Two definitions of one version are malformed. Go takes the first, the others the one that a symbol names.
            &["image-exports/versions"],
            "a second definition of the version before the right one",
            Debug,
            |it| {
                let base = it.content(".gnu.version_d");
                let right = base + it.u32(base + 16) as usize;
                let name = it.u32(right + it.u32(right + 12) as usize);
                it.put_u16(base + 2, 0);
                it.put_u16(base + 4, 5);
                it.put_u32(base + 8, it.u32(right + 8));
                it.put_u32(base + it.u32(base + 12) as usize, name);
            },
        ),
        with(
            "image-consumers/kernel-selftests",
            // The table is wrong, and there are other clients that know this table only.
            &["image-dynamic/sysv-hash"],
            "an empty bucket",
            Debug,
            |it| {
                let table = it.content(".hash");
                let hash = object::elf::hash(b"__vdso_getrandom");
                it.put_u32(table + 8 + 4 * (hash % it.u32(table)) as usize, 0);
            },
        ),
        with(
            "image-consumers/rustix",
            // No loader does the work that the segment asks for; rustix takes it for the sign of a program.
            &["image-segments/forbidden", "image-segments/permissions"],
            "PT_GNU_RELRO",
            Debug,
            |it| it.put_u32(it.segment(PT_GNU_STACK), PT_GNU_RELRO.0),
        ),
        with(
            "image-second-opinion/segments",
            // goblin does not know that this number stands for "see the first section header", and gives the file up; so
            // does rustix.
            &[
                "image-second-opinion/dynamic",
                "image-second-opinion/symbols",
                "image-second-opinion/sections",
                "image-consumers/rustix",
            ],
            "a number of segments for object only",
            Debug,
            |it| {
                let first_section = it.u64(40) as usize;
                it.put_u16(56, 0xffff);
                it.put_u32(first_section + 44, 5);
            },
        ),
        with(
            "image-second-opinion/dynamic",
            // goblin gives the file up. The name of the file is also a version definition, and it is wrong.
            &[
                "image-second-opinion/segments",
                "image-second-opinion/symbols",
                "image-second-opinion/sections",
                "image-dynamic/soname",
                "image-exports/versions",
            ],
            "a soname that is no UTF-8",
            Debug,
            |it| it.put(it.find(b"linux-vdso.so.1\0"), &[0xff]),
        ),
        with(
            "image-second-opinion/symbols",
            // One table is as long as the hash tables say, the other as the section header, which other rules go by.
            &["image-dynamic/sysv-hash", "image-dynamic/gnu-hash", "image-dynamic/tables", "image-exports/declared"],
            "a section header that hides the last symbol",
            Debug,
            |it| {
                let size = it.section(".dynsym") + 32;
                it.put_u64(size, it.u64(size) - 24);
            },
        ),
        alone("image-second-opinion/sections", "a name without an end", Debug, |it| {
            // The name of the string table itself is its last string.
            let size = it.section(".shstrtab") + 32;
            it.put_u64(size, it.u64(size) - 1);
        }),
    ]
}
