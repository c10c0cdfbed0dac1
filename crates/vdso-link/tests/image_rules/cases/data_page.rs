// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! References to the shared data.

use super::{Case, Change, alone};
use vdso_fixtures::images::Kind::Debug;

/// A case of changed source in which no other rule speaks.
fn source(rule: &'static str, name: &'static str, old: &'static str, new: &'static str) -> Case {
    Case { name, rule, also: &[], kind: Debug, change: Change::Source(old, new) }
}

pub fn cases() -> Vec<Case> {
    vec![
        source(
            "image-data-page/references",
            "a reference beside a place of the layout",
            "\tlea\tvvar__vdso_data(%rip), %rdi\n",
            "\tlea\tvvar__vdso_data(%rip), %rdi\n\tmov\tvvar__vdso_data+8(%rip), %rax\n",
        ),
        source(
            "image-data-page/references",
            "a reference after the image",
            "\tlea\tvvar__vdso_data(%rip), %rdi\n",
            "\tlea\tvvar__vdso_data(%rip), %rdi\n\tmov\t.+0x8000(%rip), %rax\n",
        ),
        source(
            "image-data-page/complete",
            "no reference to the page of the time namespace",
            "\tlea\ttimens__vdso_data(%rip), %rsi\n",
            "",
        ),
        source("image-data-page/complete", "a jump through a register", ".Lfull:\n\tret\n", ".Lfull:\n\tjmp\t*%rax\n"),
        alone("image-data-page/symbols", "a symbol with the value of another page", Debug, |it| {
            let value = it.debug_symbol("vvar__vdso_rng_data") + 8;
            it.put_u64(value, it.u64(value) + 0x1000);
        }),
    ]
}
