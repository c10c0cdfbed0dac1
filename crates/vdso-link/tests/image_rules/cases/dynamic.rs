// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The dynamic table and the hash tables.

use super::{Case, alone, with};
use object::elf::{
    DF_1_PIE, DF_TEXTREL, DT_FLAGS, DT_FLAGS_1, DT_JMPREL, DT_NEEDED, DT_RELR, DT_RUNPATH, DT_SONAME, DT_SYMENT,
    DT_VERDEFNUM, DynamicTag, PT_DYNAMIC,
};
use vdso_fixtures::edit::Edit;
use vdso_fixtures::images::Kind::Debug;

/// Turns the one entry that no client reads into another.
fn spare_entry(it: &mut Edit, tag: DynamicTag) {
    it.put_u64(it.entry(DT_FLAGS), tag.0 as u64);
}

pub fn cases() -> Vec<Case> {
    vec![
        alone("image-dynamic/known-tags", "a flag for thread-local storage", Debug, |it| {
            it.put_u64(it.entry(DT_FLAGS) + 8, 0x12);
        }),
        alone("image-dynamic/known-tags", "a flag of programs, which dlopen refuses", Debug, |it| {
            spare_entry(it, DT_FLAGS_1);
            it.put_u64(it.entry(DT_FLAGS) + 8, DF_1_PIE.0);
        }),
        // The last of the two is right, and rustix refuses the image for the first.
        with("image-dynamic/known-tags", &["image-consumers/rustix"], "two DT_SYMENT", Debug, |it| {
            spare_entry(it, DT_SYMENT);
        }),
        // rustix counts the entries of the segment.
        with("image-dynamic/terminated", &["image-consumers/rustix"], "no DT_NULL", Debug, |it| {
            let segment = it.segment(PT_DYNAMIC);
            let size = it.u64(segment + 32) - 16;
            it.put_u64(segment + 32, size);
            it.put_u64(segment + 40, size);
        }),
        alone("image-dynamic/relocation-free", "DT_JMPREL", Debug, |it| spare_entry(it, DT_JMPREL)),
        alone("image-dynamic/relocation-free", "DT_RELR", Debug, |it| spare_entry(it, DT_RELR)),
        alone("image-dynamic/relocation-free", "DF_TEXTREL", Debug, |it| {
            it.put_u64(it.entry(DT_FLAGS) + 8, DF_TEXTREL.0);
        }),
        alone("image-dynamic/self-contained", "DT_NEEDED", Debug, |it| spare_entry(it, DT_NEEDED)),
        alone("image-dynamic/known-tags", "DT_RUNPATH", Debug, |it| spare_entry(it, DT_RUNPATH)),
        // rustix refuses the image for the same reason.
        with("image-dynamic/symbol-entry", &["image-consumers/rustix"], "large symbols", Debug, |it| {
            it.put_u64(it.entry(DT_SYMENT) + 8, 32);
        }),
        alone("image-dynamic/soname", "the name of the version for a soname", Debug, |it| {
            let strings = it.content(".dynstr");
            it.put_u64(it.entry(DT_SONAME) + 8, (it.find(b"LINUX_2.6\0") - strings) as u64);
        }),
        alone("image-dynamic/tables", "a wrong number of definitions", Debug, |it| {
            it.put_u64(it.entry(DT_VERDEFNUM) + 8, 3);
        }),
        alone("image-dynamic/tables", "a section header that is shorter than the table", Debug, |it| {
            let size = it.section(".gnu.version") + 32;
            it.put_u64(size, it.u64(size) - 2);
        }),
        alone("image-dynamic/sysv-hash", "a chain that runs in a circle", Debug, |it| {
            // The one symbol whose chain entry is 0 in a bucket of one: everything is found, and misses never end.
            let (table, symbols) = (it.content(".hash"), 5);
            let buckets = it.u32(table) as usize;
            let chain = |index: usize| table + 8 + 4 * (buckets + index);
            let last = (1..symbols).find(|&index| it.u32(chain(index)) == 0).expect("a chain ends");
            it.put_u32(chain(last), last as u32);
        }),
        alone("image-dynamic/gnu-hash", "a bit too many in the filter", Debug, |it| {
            let filter = it.content(".gnu.hash") + 16;
            let word = it.u64(filter);
            it.put_u64(filter, word | 1 << word.trailing_ones());
        }),
    ]
}
