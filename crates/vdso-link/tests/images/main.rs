// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The image rules applied to good images, to malformed files and to the shared libraries of this machine.

mod agreement;
mod malformed;

use std::collections::BTreeSet;
use vdso_fixtures::images::{GoodImages, Kind};
use vdso_link::verify;

#[test]
fn good_images_keep_every_rule() {
    let good = GoodImages::get();
    let mut applied = BTreeSet::new();
    for kind in Kind::ALL {
        let verified = verify(good.linked(kind)).unwrap().unwrap_or_else(|report| panic!("{kind:?}\n{report}"));
        let examined = verified.report().examined();
        assert!(examined.values().all(|&count| count > 0), "{kind:?}: {examined:#?}");
        applied.extend(examined.into_keys());
    }
    let all: BTreeSet<_> = verify::rules().map(|rule| rule.rule.id).collect();
    assert_eq!(applied, all, "each rule applies to at least one of the good images");
}

#[test]
fn image_rules_have_the_prefix_image_and_a_reason_each() {
    for rule in verify::rules().map(|rule| &rule.rule) {
        assert!(rule.id.starts_with("image-") && rule.id.matches('/').count() == 1, "{}", rule.id);
        assert!(
            !rule.requirement.ends_with('.') && rule.reason.ends_with('.') && rule.breaks.ends_with('.'),
            "{}",
            rule.id
        );
    }
}

/// The Go runtime contains hash values instead of names, so the hash functions can never change
/// (`runtime/vdso_linux_amd64.go`).
#[test]
fn hash_functions_return_the_values_in_the_go_runtime() {
    assert_eq!(object::elf::hash(b"LINUX_2.6"), 0x03ae_75f6);
    assert_eq!(object::elf::hash(b"__vdso_getrandom"), 0x0025_425d);
    assert_eq!(object::elf::gnu_hash(b"__vdso_getrandom"), 0x84a5_59bf);
}
