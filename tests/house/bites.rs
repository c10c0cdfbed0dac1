// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Shows that the check finds planted violations.

use crate::crates::{self, Package};
use crate::modules::Crate;
use crate::order;
use crate::paths::paths;

/// A crate of two floors and one with children, made of pairs of path and source.
fn house(files: &[(&str, &str)]) -> Crate {
    let mut modules = Crate::default();
    files.iter().for_each(|(file, source)| modules.add(file.into(), (*source).into()));
    modules
}

#[test]
fn an_upward_arrow_is_found() {
    let down = house(&[("lib.rs", ""), ("low.rs", ""), ("high.rs", "use crate::low::Thing;")]);
    assert!(order::upward(&["low", "high"], &down.arrows()).is_empty());
    let up = house(&[("lib.rs", ""), ("low/mod.rs", ""), ("low/deep.rs", "use crate::high::Thing;"), ("high.rs", "")]);
    let arrows = up.arrows();
    let found = order::upward(&["low", "high"], &arrows);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].from.as_str(), found[0].to.as_str()), ("low", "high"));
}

#[test]
fn an_arrow_through_a_re_export_of_the_root_is_found() {
    let up = house(&[("lib.rs", "pub use high::{Other, Thing};"), ("low.rs", "use crate::Thing;"), ("high.rs", "")]);
    assert_eq!(order::upward(&["low", "high"], &up.arrows()).len(), 1);
}

#[test]
fn a_cycle_is_found_between_modules_and_between_children_of_one() {
    let ring = house(&[
        ("lib.rs", ""),
        ("a.rs", "use crate::b::X;"),
        ("b.rs", "fn f() { crate::c::g() }"),
        ("c.rs", "use super::{a::{self, Y}, other};"),
    ]);
    let cycles = order::cycles(&ring.arrows());
    assert_eq!(cycles.len(), 1, "{cycles:?}");
    assert_eq!(cycles[0].1.len(), 3, "{cycles:?}");
    assert_eq!(order::upward_at_best(&ring.arrows()), 1);
    let deep = house(&[("m/mod.rs", ""), ("m/a.rs", "use super::b::X;"), ("m/b.rs", "use crate::m::a::Y;")]);
    assert_eq!(order::cycles(&deep.arrows()).len(), 1);
    let line = house(&[("a.rs", "use crate::b::X;"), ("b.rs", "use crate::c::X;"), ("c.rs", "// use crate::a::X;")]);
    assert!(order::cycles(&line.arrows()).is_empty());
}

#[test]
fn a_module_without_a_floor_is_found() {
    let modules = house(&[("lib.rs", ""), ("low.rs", ""), ("new.rs", "")]);
    assert_eq!(order::misnamed(&["low"], &modules), ["new"]);
    assert_eq!(order::misnamed(&["low", "new", "gone"], &modules), ["gone"]);
}

#[test]
fn a_crate_that_depends_upward_is_found() {
    let package = |name: &str, used: &str, is_dev| Package {
        name: name.into(),
        directory: "crate".into(),
        dependencies: vec![(used.into(), is_dev)],
    };
    assert!(crates::violations(&[package("vdso-link", "vdso-elf", false)]).is_empty());
    assert_eq!(crates::violations(&[package("vdso-elf", "vdso-link", false)]).len(), 1);
    assert!(crates::violations(&[package("vgetrandom", "vdso-native", true)]).is_empty(), "tests may see all");
    assert_eq!(crates::violations(&[package("vgetrandom", "xtask", true)]).len(), 1, "except the commands");
    assert_eq!(crates::violations(&[package("unknown", "vdso-abi", false)]).len(), 1);
}

#[test]
fn comments_strings_and_tests_hold_no_paths() {
    let source =
        "//! [`crate::a`]\nconst A: &str = \"crate::b\";\nuse crate::c::D;\n#[cfg(test)]\nmod tests { use crate::e; }";
    assert_eq!(paths(source), [["crate", "c", "D"]]);
}
