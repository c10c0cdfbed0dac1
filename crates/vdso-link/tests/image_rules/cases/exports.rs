// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The symbols that the image exports to programs.

use super::{Case, Change, alone};
use object::elf::VER_FLG_WEAK;
use vdso_fixtures::images::Kind::{Debug, Splice};

/// Size of the definition of the file itself, with its name: the first one.
const BASE_DEFINITION: usize = 28;

pub fn cases() -> Vec<Case> {
    vec![
        alone("image-exports/declared", "a short name that is strong", Debug, |it| {
            it.put(it.symbol("getrandom") + 4, &[0x12]);
        }),
        alone("image-exports/declared", "a name that is protected", Debug, |it| {
            it.put(it.symbol("getrandom") + 5, &[3]);
        }),
        alone("image-exports/text", "a function in .rodata", Debug, |it| {
            let headers = it.u64(40) as usize;
            let index = (it.section(".rodata") - headers) / 64;
            it.put_u16(it.symbol("getrandom") + 6, index as u16);
        }),
        alone("image-exports/aliases", "a short name that is shorter", Debug, |it| {
            let size = it.symbol("getrandom") + 16;
            it.put_u64(size, it.u64(size) - 1);
        }),
        alone("image-exports/versions", "a wrong hash of the soname", Debug, |it| {
            it.put_u32(it.content(".gnu.version_d") + 8, 1);
        }),
        alone("image-exports/versions", "a last definition that goes on", Debug, |it| {
            it.put_u32(it.content(".gnu.version_d") + BASE_DEFINITION + 16, 0x0100_0000);
        }),
        alone("image-exports/versions", "a version that is weak", Debug, |it| {
            it.put_u16(it.content(".gnu.version_d") + BASE_DEFINITION + 2, VER_FLG_WEAK.0);
        }),
        Case {
            name: "a fifth function",
            rule: "image-exports/undeclared",
            also: &[],
            kind: Debug,
            change: Change::Script(
                "__vdso_vgetrandom;",
                "__vdso_vgetrandom; reseed;",
                "\n.text\n.globl reseed\n.type reseed, @function\nreseed:\n.cfi_startproc\nret\n.cfi_endproc\n\
                 .size reseed, . - reseed\n",
            ),
        },
        Case {
            name: "an indirect function by a name of the kernel",
            rule: "image-exports/undeclared",
            also: &[],
            kind: Debug,
            change: Change::Script(
                "__vdso_vgetrandom;",
                "__vdso_vgetrandom; time;",
                "\n.text\n.globl time\n.type time, @gnu_indirect_function\ntime:\n.cfi_startproc\nret\n.cfi_endproc\n\
                 .size time, . - time\n",
            ),
        },
        Case {
            name: "a unique object by a name of the kernel",
            rule: "image-exports/undeclared",
            // The filter has its bits, and it counts as no export.
            also: &["image-dynamic/gnu-hash"],
            kind: Debug,
            change: Change::Script(
                "__vdso_vgetrandom;",
                "__vdso_vgetrandom; time;",
                "\n.section .rodata\n.globl time\n.type time, @gnu_unique_object\ntime:\n.long 0\n.size time, 4\n",
            ),
        },
        Case {
            name: "a short name of the kernel that is another function",
            rule: "image-exports/aliases",
            also: &[],
            kind: Debug,
            change: Change::Script(
                "__vdso_vgetrandom;",
                "__vdso_vgetrandom; time; __vdso_time;",
                "\n.text\n.globl time, __vdso_time\n.type time, @function\n.type __vdso_time, @function\ntime:\n\
                 .cfi_startproc\nret\n.cfi_endproc\n.size time, . - time\n__vdso_time:\n.cfi_startproc\nret\n\
                 .cfi_endproc\n.size __vdso_time, . - __vdso_time\n",
            ),
        },
        alone("image-exports/original", "an old function that is shorter", Splice, |it| {
            for name in ["__vdso_time", "time"] {
                let size = it.symbol(name) + 16;
                it.put_u64(size, it.u64(size) - 1);
            }
        }),
    ]
}
