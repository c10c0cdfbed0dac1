// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The object in the image.

use super::{Case, Change};
use vdso_fixtures::edit::Edit;
use vdso_fixtures::images::Kind::{self, Debug, Splice, Stripped};

/// The first instruction of every function's rows: DW_CFA_def_cfa rsp+8.
const AT_ENTRY: [u8; 3] = [0x0c, 7, 8];
/// Offset in the CIE, the first thing of the section, of the return-address register: after its length and id, the version,
/// the three bytes of "zR" and two factors.
const RETURN_ADDRESS: usize = 14;

fn of_object(rule: &'static str, name: &'static str, kind: Kind, change: fn(&mut Edit)) -> Case {
    Case { name, rule, also: &[], kind, change: Change::OfObject(change) }
}

pub fn cases() -> Vec<Case> {
    vec![
        of_object("image-object/code", "a changed instruction of the fallback", Debug, |it| {
            // mov $318, %eax: the number of getrandom(2).
            let number = it.find(&[0xb8, 0x3e, 0x01, 0, 0]) + 1;
            it.put(number, &[0x3f]);
        }),
        of_object("image-object/code", "a changed constant", Splice, |it| {
            it.put(it.content(".rodata.vgetrandom"), &[it.data[it.content(".rodata.vgetrandom")] ^ 1]);
        }),
        of_object("image-object/unwind", "a return address elsewhere", Stripped, |it| {
            let frame = it.content(".eh_frame");
            let offset = it.data[frame..].windows(3).position(|bytes| bytes == AT_ENTRY).expect("it is there");
            it.put(frame + offset + 2, &[16]);
        }),
        of_object("image-object/unwind", "a return address in another register", Stripped, |it| {
            it.put(it.content(".eh_frame") + RETURN_ADDRESS, &[17]);
        }),
    ]
}
