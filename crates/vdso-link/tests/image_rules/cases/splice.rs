// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Bytes that a splice must not change.

use super::{Case, alone, with};
use object::elf::DT_FLAGS;
use vdso_fixtures::images::Kind::Splice;
use vdso_link::link::unsplice::RECORD;

pub fn cases() -> Vec<Case> {
    vec![
        alone("image-untouched/headers", "an entry point", Splice, |it| it.put_u64(24, 0x1000)),
        alone("image-untouched/dynamic", "other flags", Splice, |it| {
            let flags = it.entry(DT_FLAGS) + 8;
            it.put_u64(flags, it.u64(flags) | 8);
        }),
        alone("image-untouched/unwind", "an old register that is saved elsewhere", Splice, |it| {
            let frame = it.content(".eh_frame");
            // DW_CFA_offset rbp at CFA-16, of __vdso_time.
            let saved = it.data[frame..].windows(2).position(|bytes| bytes == [0x86, 2]).expect("it is there");
            it.put(frame + saved + 1, &[3]);
        }),
        alone("image-untouched/bytes", "another constant", Splice, |it| {
            it.put_u32(it.content(".rodata"), 8);
        }),
        alone("image-untouched/bytes", "a byte of the old symbols, which no table names any more", Splice, |it| {
            it.put(0x170, &[it.data[0x170] ^ 1]);
        }),
        alone("image-untouched/undo", "a byte of the undo record", Splice, |it| {
            let digest = it.content(RECORD);
            it.put(digest, &[it.data[digest] ^ 1]);
        }),
        alone("image-untouched/debug-symbols", "another place of an old symbol", Splice, |it| {
            it.put_u64(it.debug_symbol("answer") + 8, 0x10);
        }),
        alone("image-untouched/sections", "another alignment", Splice, |it| {
            it.put_u64(it.section(".rodata") + 48, 64);
        }),
        // Two rules with two readers: one for the file as a whole, one for what the kernel reads of it.
        with(
            "image-data-page/kernel-tables",
            &["image-untouched/bytes"],
            "a changed table of alternatives",
            Splice,
            // The number of the feature.
            |it| it.put_u16(it.content(".altinstructions") + 8, 9),
        ),
        with(
            "image-data-page/alternatives",
            // The replaced instruction differs from the original's too.
            &["image-data-page/kernel-tables", "image-untouched/bytes"],
            "an alternative to our code",
            Splice,
            |it| {
                let record = it.content(".altinstructions");
                it.put_u32(record, (it.code("__vdso_vgetrandom") - record) as u32);
            },
        ),
        with(
            "image-data-page/alternatives",
            &["image-data-page/kernel-tables", "image-untouched/bytes"],
            "an alternative that is longer",
            Splice,
            |it| it.put(it.content(".altinstructions") + 11, &[4]),
        ),
    ]
}
