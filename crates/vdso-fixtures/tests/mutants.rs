// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Mutants depend on statements, and on nothing else of a source.

use std::fs;
use vdso_fixtures::mutant::{Edit, Misfit, Mutant, Why};

const RUST: &str = "fn take(word: u64) -> bool {\n    // Zero is fresh.\n    if word == 0 {\n        return false;\n    }\n    true\n}\n";

const ASSEMBLY: &str = "# A routine.\nroutine:\n\taddq\t$4, %rsi\t# the upper half\n\tret\n";

static MUTANT: Mutant<()> = Mutant {
    id: "x1-zero-is-taken",
    clause: "X1",
    fault: "Zero is taken.",
    flagged_by: (),
    edits: &[
        Edit { file: "word.rs", statement: "if word == 0 { return false; }", replacement: "let _ = word;" },
        Edit { file: "routine.s", statement: "addq $4, %rsi", replacement: "subq\t$4, %rsi" },
    ],
};

/// Applies a mutant to two files; returns them.
fn applied(mutant: &Mutant<()>, rust: &str, assembly: &str) -> Result<(String, String), Misfit> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (word, routine) = (directory.path().join("word.rs"), directory.path().join("routine.s"));
    fs::write(&word, rust).expect("a temporary file");
    fs::write(&routine, assembly).expect("a temporary file");
    mutant.apply(directory.path())?;
    let read = |path| fs::read_to_string(path).expect("a temporary file");
    Ok((read(&word), read(&routine)))
}

#[test]
fn apply_replaces_the_statement_and_keeps_the_rest() {
    let (rust, assembly) = applied(&MUTANT, RUST, ASSEMBLY).expect("the mutant fits");
    assert_eq!(rust, "fn take(word: u64) -> bool {\n    // Zero is fresh.\n    let _ = word;\n    true\n}\n");
    assert_eq!(assembly, "# A routine.\nroutine:\n\tsubq\t$4, %rsi\t# the upper half\n\tret\n");
}

#[test]
fn apply_ignores_changed_comments_and_white_space() {
    let rust = "/// Takes a word.\nfn take(word: u64) -> bool {\n    if word == 0 { // fresh: … \n        /* R2 */ return\n        false; }\n    true\n}\n";
    let assembly = "routine:\n    addq $4,  %rsi\n    # if word == 0\n";
    let (rust, assembly) = applied(&MUTANT, rust, assembly).expect("the mutant fits");
    assert_eq!(rust, "/// Takes a word.\nfn take(word: u64) -> bool {\n    let _ = word;\n    true\n}\n");
    assert_eq!(assembly.replace(' ', ""), "routine:\nsubq\t$4,%rsi\n#ifword==0\n");
}

#[test]
fn apply_names_mutant_file_and_statement_if_the_statement_has_changed() {
    let error = applied(&MUTANT, &RUST.replace("== 0", "== 1"), ASSEMBLY).expect_err("the statement has changed");
    assert_eq!(error.why, Why::Missing);
    assert_eq!(
        error.to_string(),
        "mutant `x1-zero-is-taken` does not fit: word.rs: the statement is missing: `if word == 0 { return false; }`; \
         name the statement that does the same now"
    );
    let error = applied(&MUTANT, RUST, &ASSEMBLY.replace("$4", "$8")).expect_err("the line has changed");
    assert_eq!((error.why, error.file), (Why::Missing, "routine.s"));
}

#[test]
fn apply_rejects_a_statement_that_is_only_in_comments() {
    let rust = "/// if word == 0 { return false; }\n// if word == 0 { return false; }\nfn take() {}\n";
    assert_eq!(applied(&MUTANT, rust, ASSEMBLY).expect_err("no code").why, Why::Missing);
}

#[test]
fn apply_rejects_a_statement_that_is_there_twice() {
    let rust = RUST.to_owned() + &RUST.replace("fn take", "fn take_again");
    assert_eq!(applied(&MUTANT, &rust, ASSEMBLY).expect_err("an ambiguous statement").why, Why::Ambiguous(2));
}

#[test]
fn apply_rejects_edits_that_overlap() {
    let inner = Edit { file: "word.rs", statement: "return false;", replacement: "" };
    let outer = Edit { file: "word.rs", statement: "if word == 0 { return false; }", replacement: "" };
    let mutant = Mutant { edits: Box::leak(Box::new([inner, outer])), ..MUTANT };
    assert_eq!(applied(&mutant, RUST, ASSEMBLY).expect_err("overlapping edits").why, Why::Overlapping);
}

#[test]
fn apply_rejects_an_empty_statement_and_an_open_bracket() {
    for statement in ["", "// if", "if word == 0 {"] {
        let edit = Edit { file: "word.rs", statement, replacement: "" };
        let mutant = Mutant { edits: Box::leak(Box::new([edit])), ..MUTANT };
        assert_eq!(applied(&mutant, RUST, ASSEMBLY).expect_err("no statement").why, Why::NoTokens);
    }
}
