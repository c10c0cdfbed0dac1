// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The order of the house: dependencies go down, between crates and between the modules of each crate.
//!
//! `cargo test -p vdso-tests --test house -- --nocapture` prints the counts. With `HOUSE_ROOT` in the environment the
//! counts are those of another checkout, which is not checked: its modules may have other names.

mod bites;
mod crates;
mod modules;
mod order;
mod paths;

use crate::crates::Package;
use crate::modules::Crate;
use std::path::PathBuf;

/// The checkout to look at, and whether it is another one.
fn root() -> (PathBuf, bool) {
    match std::env::var_os("HOUSE_ROOT") {
        Some(root) => (root.into(), true),
        None => (vdso_tests::workspace::root().into(), false),
    }
}

#[test]
fn crates_depend_on_lower_floors_only() {
    let (root, is_other) = root();
    let packages = crates::packages(&root).unwrap();
    let violations = crates::violations(&packages);
    println!("{} crates, {} dependencies against their order", packages.len(), violations.len());
    assert!(!packages.is_empty());
    assert!(is_other || violations.is_empty(), "{violations:#?}");
}

#[test]
fn modules_depend_on_lower_floors_only_and_in_no_circle() {
    let (root, is_other) = root();
    let mut findings = Vec::new();
    for Package { name, directory, .. } in crates::packages(&root).unwrap() {
        let sources = directory.join("src");
        if !sources.is_dir() {
            continue;
        }
        let modules = Crate::read(&sources).unwrap();
        let arrows = modules.arrows();
        let cycles = order::cycles(&arrows);
        let floors = order::FLOORS.iter().find(|(crate_name, _)| *crate_name == name).filter(|_| !is_other);
        let upward =
            floors.map_or_else(|| order::upward_at_best(&arrows), |(_, floors)| order::upward(floors, &arrows).len());
        println!("{name}: {} files, {} arrows, {upward} upward, {} cycles", modules.len(), arrows.len(), cycles.len());
        for (parent, part) in &cycles {
            println!("  cycle in {name}::{}: {part:?}", parent.join("::"));
        }
        let Some((_, floors)) = floors else { continue };
        findings.extend(order::misnamed(floors, &modules).iter().map(|module| format!("{name}: {module}")));
        findings.extend(order::upward(floors, &arrows).iter().map(|arrow| format!("{name}: {arrow:?}")));
        findings.extend(cycles.iter().map(|cycle| format!("{name}: {cycle:?}")));
    }
    assert!(findings.is_empty(), "{findings:#?}");
}
