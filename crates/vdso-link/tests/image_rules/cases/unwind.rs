// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The unwind tables.

use super::{Case, Change, alone, with};
use vdso_fixtures::images::Kind::Debug;

/// Offset in an FDE of the length of the code that it covers: after its own length, the CIE pointer and the start.
const PC_RANGE: usize = 12;
/// Offset in an FDE of its program: after the range comes an empty augmentation.
const PROGRAM: usize = 17;
/// Offset in the CIE, the first thing of the section, of the form of pointers in FDEs: after its length and id, the
/// version, the three bytes of "zR", two factors, the return-address register and the length of what begins here.
const POINTER_FORM: usize = 16;
/// Rules with nothing that they could look at where no table can be read.
const OF_TABLES: [&str; 5] = [
    "image-unwind/sorted",
    "image-unwind/complete",
    "image-unwind/coverage",
    "image-unwind/code",
    "image-unwind/programs",
];

pub fn cases() -> Vec<Case> {
    vec![
        alone("image-unwind/readable", "a section of another name", Debug, |it| {
            it.put_u32(it.section(".eh_frame"), it.u32(it.section(".comment")));
        }),
        with("image-unwind/readable", &OF_TABLES, "a header of an unknown version", Debug, |it| {
            it.put(it.content(".eh_frame_hdr"), &[2]);
        }),
        with("image-unwind/readable", &OF_TABLES, "descriptions that begin where a pointer says", Debug, |it| {
            let form = it.content(".eh_frame") + POINTER_FORM;
            it.put(form, &[it.data[form] | gimli::DW_EH_PE_indirect.0]);
        }),
        alone("image-unwind/sorted", "two rows that changed places", Debug, |it| {
            let rows = it.content(".eh_frame_hdr") + 12;
            let (first, second) = (it.u64(rows), it.u64(rows + 8));
            it.put_u64(rows, second);
            it.put_u64(rows + 8, first);
        }),
        alone("image-unwind/complete", "a row that begins one byte late", Debug, |it| {
            let row = it.content(".eh_frame_hdr") + 12;
            it.put_u32(row, it.u32(row) + 1);
        }),
        alone("image-unwind/coverage", "a description that ends one byte early", Debug, |it| {
            let range = it.description(it.code("__vdso_getrandom")) + PC_RANGE;
            it.put_u32(range, it.u32(range) - 1);
        }),
        Case {
            name: "a function that begins inside of a description",
            rule: "image-unwind/coverage",
            also: &[],
            kind: Debug,
            change: Change::Script(
                "__vdso_vgetrandom;",
                "__vdso_vgetrandom; time;",
                "\n.text\n.globl time\n.type time, @function\n.cfi_startproc\nnop\ntime:\nret\n.cfi_endproc\n\
                 .size time, . - time\n",
            ),
        },
        alone("image-unwind/code", "a description that ends after the code", Debug, |it| {
            // The last function, which is not exported.
            let last = it.debug_symbol("chacha20_refill_avx512vl") + 8;
            let range = it.description(it.u64(last) as usize) + PC_RANGE;
            it.put_u32(range, it.u32(range) + 0x1000);
        }),
        alone("image-unwind/code", "two descriptions of one byte", Debug, |it| {
            let [start, next] = ["__vdso_vgetrandom", "__vdso_getrandom"].map(|name| it.code(name));
            it.put_u32(it.description(start) + PC_RANGE, (next - start + 1) as u32);
        }),
        alone("image-unwind/programs", "an instruction that does not exist", Debug, |it| {
            it.put(it.description(it.code("__vdso_getrandom")) + PROGRAM, &[0x3f]);
        }),
        Case {
            name: "a routine that unwinders would call",
            rule: "image-unwind/programs",
            also: &[],
            kind: Debug,
            change: Change::Script(
                "__vdso_vgetrandom;",
                "__vdso_vgetrandom; time;",
                "\n.text\n.globl time\n.type time, @function\ntime:\n.cfi_startproc\n.cfi_personality 0x1b, time\nret\n\
                 .cfi_endproc\n.size time, . - time\n",
            ),
        },
    ]
}
