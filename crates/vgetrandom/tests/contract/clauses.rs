// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Every clause of docs/client-contract.md has a test that names it, and no test names a clause that is not there.

use std::collections::BTreeSet;
use std::path::Path;

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The clauses: first cells of the table's rows.
fn clauses(contract: &str) -> BTreeSet<String> {
    let cells = contract.lines().filter_map(|line| line.strip_prefix('|')?.split('|').next());
    let is_id = |cell: &&str| cell.strip_prefix('C').is_some_and(|number| number.parse::<u32>().is_ok());
    cells.map(str::trim).filter(is_id).map(str::to_owned).collect()
}

/// The clauses that the names of the tests in a source begin with.
fn named(source: &str) -> BTreeSet<String> {
    let mut lines = source.lines().map(str::trim);
    let mut named = BTreeSet::new();
    while lines.by_ref().any(|line| line == "#[test]") {
        let Some(name) = lines.by_ref().find_map(|line| line.strip_prefix("fn ")) else { break };
        let is_id = |part: &&str| part.strip_prefix('c').is_some_and(|number| number.parse::<u32>().is_ok());
        named.extend(name.split('_').take_while(is_id).map(str::to_uppercase));
    }
    named
}

#[test]
fn every_clause_has_a_test_and_every_test_a_clause() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let clauses = clauses(&read(&root.join("../../docs/client-contract.md")));
    let files = std::fs::read_dir(root.join("tests/contract")).expect("this directory");
    let files = files.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file());
    let named: BTreeSet<_> = files.flat_map(|path| named(&read(&path))).collect();
    assert_eq!(clauses, named);
    assert_eq!(clauses.len(), 15, "{clauses:?}");
}

#[test]
fn clauses_are_read_where_they_stand() {
    assert!(
        clauses("| id | clause |\n| --- | --- |\n| C1 | one |\n| C12 | x |\nC3\n| Cx | no |\n")
            .iter()
            .eq(["C1", "C12"])
    );
    let source = "#[test]\nfn c1_c2_one() {}\n    #[test]\n    fn d3() {}\nfn c4_helper() {}\n";
    assert!(named(source).iter().eq(["C1", "C2"]));
}
