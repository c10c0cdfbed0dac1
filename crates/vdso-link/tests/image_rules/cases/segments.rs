// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Headers and what they map.

use super::{Case, alone, with};
use object::elf::{PT_DYNAMIC, PT_GNU_PROPERTY, PT_GNU_STACK, PT_LOAD, PT_NOTE, PT_TLS};
use vdso_abi::PAGE_SIZE;
use vdso_fixtures::images::Kind::{Debug, Stripped};
use vdso_link::verify::PAGE_BUDGET;

/// Offset in the ELF header of the number of program headers.
const E_PHNUM: usize = 56;

pub fn cases() -> Vec<Case> {
    vec![
        alone("image-segments/header", "flags of no ABI", Debug, |it| it.put_u32(48, 1)),
        alone("image-segments/header", "padding that is not zero", Debug, |it| it.put(15, &[1])),
        alone("image-segments/load", "memory that the file does not hold", Debug, |it| {
            let size = it.segment(PT_LOAD) + 40;
            it.put_u64(size, it.u64(size) + 8);
        }),
        alone("image-segments/load", "an alignment of two pages", Debug, |it| {
            it.put_u64(it.segment(PT_LOAD) + 48, 2 * PAGE_SIZE as u64);
        }),
        alone("image-segments/permissions", "a writable PT_DYNAMIC", Debug, |it| {
            it.put_u32(it.segment(PT_DYNAMIC) + 4, 6);
        }),
        alone("image-segments/forbidden", "an executable stack", Debug, |it| {
            it.put_u32(it.segment(PT_GNU_STACK) + 4, 7);
        }),
        alone("image-segments/forbidden", "nothing about the stack", Debug, |it| {
            // A kind that vDSO images have, in its place.
            it.put_u32(it.segment(PT_GNU_STACK), PT_GNU_PROPERTY.0);
            it.put_u32(it.segment(PT_GNU_STACK) + 4, 4);
        }),
        alone("image-segments/forbidden", "one segment less, which was that of the stack", Debug, |it| {
            let last = (it.segment(PT_GNU_STACK) - 64) / 56;
            it.put_u16(E_PHNUM, last as u16);
        }),
        with(
            "image-segments/forbidden",
            // The entry after the segments has no permissions.
            &["image-segments/permissions"],
            "one segment more, which is the first hash table",
            Debug,
            |it| {
                let next = (it.content(".hash") - 64) / 56;
                it.put_u16(E_PHNUM, next as u16 + 1);
            },
        ),
        alone("image-segments/forbidden", "thread-local storage", Debug, |it| {
            it.put_u32(it.segment(PT_GNU_STACK), PT_TLS.0);
            it.put_u32(it.segment(PT_GNU_STACK) + 4, 4);
        }),
        alone("image-segments/present", "a PT_NOTE longer in memory than in the file", Debug, |it| {
            let size = it.segment(PT_NOTE) + 40;
            it.put_u64(size, it.u64(size) + 4);
        }),
        // The segment that becomes one is PT_GNU_STACK, which says that the stack is not executable.
        with("image-segments/present", &["image-segments/forbidden"], "properties that are not mapped", Debug, |it| {
            let segment = it.segment(PT_GNU_STACK);
            it.put_u32(segment, PT_GNU_PROPERTY.0);
            it.put_u32(segment + 4, 4);
            it.put_u64(segment + 16, 0x1000_0000);
        }),
        alone("image-segments/sections", "two sections for one byte", Debug, |it| {
            let size = it.section(".note") + 32;
            it.put_u64(size, it.u64(size) + 4);
        }),
        alone("image-segments/page-budget", "a file of one page too many", Stripped, |it| {
            it.data.resize(PAGE_BUDGET as usize * PAGE_SIZE + 1, 0);
        }),
        alone("image-segments/sections", "constants marked as thread-local", Debug, |it| {
            let flags = it.section(".rodata") + 8;
            it.put_u64(flags, it.u64(flags) | 0x400);
        }),
        alone("image-segments/notes", "a build-id of another owner", Debug, |it| {
            it.put(it.find(b"GNU\0"), b"GNX\0");
        }),
        alone("image-segments/notes", "a note longer than its segment", Debug, |it| {
            it.put_u32(it.content(".note") + 4, 0x1000);
        }),
    ]
}
