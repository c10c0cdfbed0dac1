// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The order of modules: the floors that a crate declares, cycles, and the arrows against the best order.

use crate::modules::{Arrow, Crate, Module};
use std::collections::{BTreeMap, BTreeSet};

/// The floors of a crate, from the ground up: a module may use those before it.
pub const FLOORS: [(&str, &[&str]); 2] = [
    (
        "vdso-elf",
        &[
            "printable",
            "disassembly",
            "error",
            "place",
            "parser",
            "file",
            "elf_bytes",
            "memory",
            "notes",
            "object",
            "image",
            "bounds",
            "sections",
            "row",
            "dynamic",
            "symbols",
            "hash",
            "versions",
            "unwind",
            "references",
            "alternatives",
            "anatomy",
            "excerpt",
            "vmlinux",
        ],
    ),
    (
        "vdso-link",
        &["layout", "rule", "report", "stages", "manifest", "check", "link", "dump", "diff", "found", "verify"],
    ),
];

/// Modules of one parent that depend on each other in a circle.
pub type Cycle = (Module, BTreeSet<String>);

/// The cycles of a crate: the strongly connected parts of each group of siblings.
pub fn cycles(arrows: &BTreeSet<Arrow>) -> Vec<Cycle> {
    let mut cycles = Vec::new();
    for (parent, edges) in edges(arrows) {
        let reach: BTreeMap<&str, BTreeSet<&str>> =
            edges.keys().map(|(from, _)| (*from, reachable(from, &edges))).collect();
        let connected = |a: &str, b: &str| reach.get(a).is_some_and(|reach| reach.contains(b));
        let mut seen = BTreeSet::new();
        for &module in reach.keys().filter(|module| connected(module, module)) {
            if seen.contains(module) {
                continue;
            }
            let part: BTreeSet<&str> =
                reach.keys().copied().filter(|other| connected(module, other) && connected(other, module)).collect();
            seen.extend(part.iter().copied());
            cycles.push((parent.clone(), part.into_iter().map(str::to_owned).collect()));
        }
    }
    cycles
}

/// The arrows that go up, or to a module without a floor, by the table.
pub fn upward<'a>(floors: &[&str], arrows: &'a BTreeSet<Arrow>) -> Vec<&'a Arrow> {
    let floor = |module: &str| floors.iter().position(|floor| *floor == module);
    let top = arrows.iter().filter(|arrow| arrow.parent.is_empty());
    top.filter(|arrow| floor(&arrow.to) >= floor(&arrow.from) || floor(&arrow.to).is_none()).collect()
}

/// The modules that have no floor, and the floors that no module has.
pub fn misnamed(floors: &[&str], modules: &Crate) -> Vec<String> {
    let (declared, present) = (floors.iter().copied().collect::<BTreeSet<_>>(), modules.top());
    declared.symmetric_difference(&present).map(|&name| name.to_owned()).collect()
}

/// The least number of arrows that go up in any order of the modules in the root: those that would have to be removed.
pub fn upward_at_best(arrows: &BTreeSet<Arrow>) -> usize {
    let top: BTreeSet<Arrow> = arrows.iter().filter(|arrow| arrow.parent.is_empty()).cloned().collect();
    let Some(edges) = edges(&top).remove(&Module::new()) else { return 0 };
    cycles(&top).iter().map(|(_, part)| least_feedback(part, &edges)).sum()
}

/// The least weight of edges against an order, over all orders of a few modules.
fn least_feedback(part: &BTreeSet<String>, edges: &BTreeMap<(&str, &str), usize>) -> usize {
    /// More modules in one circle would take too long.
    const MOST: usize = 20;
    let names: Vec<&str> = part.iter().map(String::as_str).collect();
    assert!(names.len() <= MOST, "{} modules in one circle", names.len());
    let weight = |from: usize, to: usize| edges.get(&(names[from], names[to])).copied().unwrap_or(0);
    // The best cost with a set of modules on the lowest floors.
    let mut best = vec![usize::MAX; 1 << names.len()];
    best[0] = 0;
    for below in 0..best.len() {
        for next in (0..names.len()).filter(|next| below >> next & 1 == 0) {
            let up: usize = (0..names.len()).filter(|it| below >> it & 1 == 1).map(|lower| weight(lower, next)).sum();
            let with = below | 1 << next;
            best[with] = best[with].min(best[below].saturating_add(up));
        }
    }
    best[best.len() - 1]
}

/// By parent, the pairs of siblings with the number of files that have the arrow.
fn edges(arrows: &BTreeSet<Arrow>) -> BTreeMap<Module, BTreeMap<(&str, &str), usize>> {
    let mut edges: BTreeMap<Module, BTreeMap<(&str, &str), usize>> = BTreeMap::new();
    for arrow in arrows {
        *edges.entry(arrow.parent.clone()).or_default().entry((&arrow.from, &arrow.to)).or_default() += 1;
    }
    edges
}

/// All modules that one depends on, directly or not.
fn reachable<'a>(from: &str, edges: &BTreeMap<(&'a str, &'a str), usize>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut pending: Vec<&str> = edges.keys().filter(|(start, _)| *start == from).map(|(_, to)| *to).collect();
    while let Some(module) = pending.pop() {
        if let Some((_, module)) = edges.keys().find(|(_, to)| *to == module)
            && reached.insert(*module)
        {
            pending.extend(edges.keys().filter(|(start, _)| start == module).map(|(_, to)| *to));
        }
    }
    reached
}
