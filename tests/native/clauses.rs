// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Every clause of docs/contract.md has a test or a rule that names it, and nothing names a clause that is not there.
//!
//! A test names clauses at the beginning of its name, `k2_…` or `e4_e7_…`; a rule of vdso-link in its reason, "contract M1".
//! The tests of `vdso-link` check that each rule has a bad input.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use vdso_link::Rule;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the root")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether this is how clauses are called: a letter, and a number.
fn is_id(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|letter| letter.is_ascii_uppercase())
        && !chars.as_str().is_empty()
        && chars.all(|digit| digit.is_ascii_digit())
}

/// The clauses: first cells of the tables' rows.
fn clauses(contract: &str) -> BTreeSet<String> {
    let cells = contract.lines().filter_map(|line| line.strip_prefix('|')?.split('|').next());
    cells.map(str::trim).filter(|cell| is_id(cell)).map(str::to_owned).collect()
}

/// The clauses that the name of a test begins with.
fn named(test: &str) -> impl Iterator<Item = String> {
    test.split('_').map(str::to_uppercase).take_while(|part| is_id(part))
}

/// Names of the functions with `#[test]`.
fn rust_tests(source: &str) -> Vec<&str> {
    let mut lines = source.lines().map(str::trim);
    let mut tests = Vec::new();
    while lines.by_ref().any(|line| line == "#[test]") {
        let function = lines.by_ref().find_map(|line| line.strip_prefix("fn "));
        tests.extend(function.and_then(|rest| rest.split('(').next()));
    }
    tests
}

/// Names in the table of the guest's tests: first arguments of `TEST()`, `GLUE_TEST()` and other names that end in `TEST`.
fn guest_tests(table: &str) -> Vec<&str> {
    let is_macro = |name: &str| name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let entries = table.lines().filter_map(|line| line.split_once("TEST(").filter(|(before, _)| is_macro(before)));
    entries.filter_map(|(_, entry)| entry.split(',').next()).collect()
}

/// Names of the tests that a source adds to a separate harness.
fn trials(source: &str) -> Vec<&str> {
    source
        .split("Trial::test(")
        .skip(1)
        .filter_map(|call| call.trim_start().strip_prefix('"')?.split('"').next())
        .collect()
}

/// The clauses that a text refers to as "contract M1", or "contract M1 and M2".
fn referred_to(text: &str) -> Vec<String> {
    let words: Vec<_> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let followers = words.iter().enumerate().filter(|(_, word)| **word == "contract").flat_map(|(at, _)| {
        let rest = words[at + 1..].iter().take_while(|word| is_id(word) || **word == "and");
        rest.filter(|word| is_id(word)).map(|word| (*word).to_owned())
    });
    followers.collect()
}

fn rust_files(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display())) {
        let path = entry.expect("a directory can be read to its end").path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Every rule of vdso-link.
fn rules() -> impl Iterator<Item = &'static Rule> {
    let object = vdso_link::check::rules().map(|rule| &rule.rule);
    object.chain(vdso_link::verify::rules().map(|rule| &rule.rule))
}

/// The tests of each clause.
fn proofs() -> BTreeMap<String, Vec<String>> {
    let mut proofs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |clause: String, proof: String| proofs.entry(clause).or_default().push(proof);
    let (mut files, tests) = (Vec::new(), workspace().join("tests"));
    rust_files(&tests, &mut files);
    for path in files {
        for test in rust_tests(&read(&path)) {
            named(test).for_each(|clause| add(clause, format!("{}: {test}", path.display())));
        }
    }
    for test in guest_tests(&read(&tests.join("guest/tests.h"))) {
        named(test).for_each(|clause| add(clause, format!("guest: {test}")));
    }
    for rule in rules() {
        for clause in [rule.reason, rule.breaks].into_iter().flat_map(referred_to) {
            add(clause, format!("rule {}", rule.id));
        }
    }
    proofs
}

#[test]
fn every_clause_has_a_test_and_every_id_a_clause() {
    let clauses = clauses(&read(&workspace().join("docs/contract.md")));
    let proofs = proofs();
    let bare: Vec<_> = clauses.iter().filter(|clause| !proofs.contains_key(*clause)).collect();
    assert!(bare.is_empty(), "clauses of docs/contract.md that no test names: {bare:?}");
    let unknown: Vec<_> = proofs.iter().filter(|(clause, _)| !clauses.contains(*clause)).collect();
    assert!(unknown.is_empty(), "no clauses of docs/contract.md: {unknown:#?}");
    // The contract of the design has so many; a table that is not understood would have none.
    assert!(clauses.len() >= 36, "{clauses:?}");
}

/// Names of all tests of the workspace and of the guest.
fn tests() -> BTreeSet<String> {
    let mut files = Vec::new();
    for directory in ["tests", "crates", "xtask"] {
        rust_files(&workspace().join(directory), &mut files);
    }
    let of_file = |path: &PathBuf| {
        let source = read(path);
        let names: Vec<String> =
            [rust_tests(&source), trials(&source)].concat().into_iter().map(str::to_owned).collect();
        names
    };
    let guest = read(&workspace().join("tests/guest/tests.h"));
    files.iter().flat_map(of_file).chain(guest_tests(&guest).into_iter().map(str::to_owned)).collect()
}

/// The code spans of a text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether a name has the form of a test's: words, three at least.
fn looks_like_a_test(name: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.split('_').count() >= 3 && name.split('_').all(is_word)
}

/// The essay answers for each danger by naming its proof, and the proof must be there.
#[test]
fn proofs_named_in_soundness_md_exist() {
    let (essay, tests) = (read(&workspace().join("docs/soundness.md")), tests());
    let rules: BTreeSet<_> = rules().map(|rule| rule.id).collect();
    let family = |id: &str| id.split_once('/').map(|(family, _)| family.to_owned());
    let is_rule = |id: &&str| rules.iter().any(|rule| family(rule) == family(id)) && family(id).is_some();
    let named_rules: Vec<_> = quoted(&essay).filter(is_rule).collect();
    let named_tests: Vec<_> = quoted(&essay).filter(|name| looks_like_a_test(name)).collect();
    assert!(named_rules.len() > 10 && named_tests.len() > 30, "{named_rules:?}, {named_tests:?}");
    let missing = named_rules.iter().filter(|id| !rules.contains(**id));
    let missing: Vec<_> = missing.chain(named_tests.iter().filter(|name| !tests.contains(**name))).collect();
    assert!(missing.is_empty(), "docs/soundness.md names what is not there: {missing:?}");
}

#[test]
fn ids_are_read_where_they_stand() {
    let contract = "| id | clause |\n| --- | --- |\n| E1 | one |\n| K12 | two | three |\ntext with M9\n| Word | no |\n";
    assert!(clauses(contract).iter().eq(["E1", "K12"]));
    assert!(named("e4_e7_flags").eq(["E4", "E7"]));
    assert!(named("m1_x_m2").eq(["M1"]) && named("every_e1").next().is_none() && named("e_1").next().is_none());
    let source = "#[test]\nfn k1_a() {}\n    #[test]\n    #[ignore]\n    fn k2_b() {\n}\nfn k3_helper() {}\n";
    assert_eq!(rust_tests(source), ["k1_a", "k2_b"]);
    assert_eq!(trials("Trial::test(\"a_b_c\", f), Trial::test(case.name(), g)"), ["a_b_c"]);
    assert_eq!(guest_tests("TEST(a1_b, test_b)\nGLUE_TEST(a2_c, test_c)\n/* TEST(c, d) */\n"), ["a1_b", "a2_c"]);
    assert_eq!(referred_to("contract M1 and M2, E3; see contract: K4. Contract S1"), ["M1", "M2", "E3", "K4"]);
    assert_eq!(referred_to("the contract of E4"), [""; 0]);
    assert!(quoted("a `b c` d `e_f_g`").eq(["b c", "e_f_g"]));
    assert!(looks_like_a_test("e1_x_y") && !looks_like_a_test("set_len") && !looks_like_a_test("A_B_C"));
}
