// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The page of all rules: what the rules themselves say, as a table, and the form of a report for machines.

use std::fmt::Write as _;
use vdso_link::report::{MEMBERS, SCHEMA};
use vdso_link::verify::{ACCEPTED, EXPLAINED, Explained};
use vdso_link::{Rule, check, verify};

/// Where the page lies in the repository.
pub const PATH: &str = "docs/rules.md";

/// The page's text.
pub fn text() -> String {
    let object: Vec<&Rule> = check::rules().map(|rule| &rule.rule).collect();
    let image: Vec<&Rule> = verify::rules().map(|rule| &rule.rule).collect();
    let mut page = format!(
        "<!-- Generated from the rules in crates/vdso-link by cargo xtask bless; do not edit. -->\n\
         # The rules\n\n\
         `cargo xtask check FILE` applies {} rules to a relocatable object, `cargo xtask verify FILE` {} to a finished image;\n\
         `cargo xtask explain RULE` prints a row of these tables. Exit codes: 0: no finding, 1: findings, 2: the file cannot be\n\
         read. A rule that has nothing to examine is a finding as well. Each rule has a bad input that breaks it,\n\
         with the expected message, in `crates/vdso-link/tests/object_rules` and `image_rules`.\n",
        object.len(),
        image.len()
    );
    table(&mut page, "For an object", &object);
    table(&mut page, "For an image", &image);
    page.push_str(
        "\n## Permitted changes of a splice\n\n\
         The rules `image-untouched/*` accept these differences between a splice and its original and no other. `cargo xtask diff`\n\
         names them by the same keys, beside what follows from them: sizes of the image and of its hash tables, our exports, what\n\
         their code refers to, and the frame descriptions of the object.\n\n\
         | keys | why |\n| --- | --- |\n",
    );
    for acceptance in ACCEPTED {
        let keys: Vec<_> = acceptance.subjects.iter().map(|subject| format!("`{subject}`")).collect();
        let fields: Vec<_> = acceptance.fields.iter().map(|field| format!("`.{field}`")).collect();
        row(&mut page, &[&format!("{}: {}", keys.join(", "), fields.join(", ")), acceptance.reason]);
    }
    page.push_str(
        "\n## Findings in a kernel's own image\n\n\
         `cargo xtask verify` of an image without the object has no findings but these, each for the reason beside it: the tests hold\n\
         the image of the running kernel and those of `cargo xtask stock-vdso` against the list.\n\n\
         | found | by | why |\n| --- | --- | --- |\n",
    );
    for Explained { rule, found, reason } in EXPLAINED {
        let star = if rule.ends_with('/') { "*" } else { "" };
        row(&mut page, &[found, &format!("`{rule}{star}`"), reason]);
    }
    let _ = write!(
        page,
        "\n## A report as JSON\n\n\
         With `--json` both commands print one object to standard output, of schema {SCHEMA}; nothing where the exit code is 2, whose\n\
         reason goes to standard error. Members may be added; one that is taken away or changes its meaning raises the number.\n\n\
         | member | type | meaning |\n| --- | --- | --- |\n"
    );
    for (member, kind, meaning) in MEMBERS {
        row(&mut page, &[&format!("`{member}`"), kind, meaning]);
    }
    page.push_str(
        "\n`cargo xtask dump --json` prints an object of things, each an object of its facts, all of them strings;\n\
         `cargo xtask diff --json` an array of objects with the strings `key` (thing, dot, fact), `old` and `new`. A thing that\n\
         only one image has differs in the fact `added` or `removed`.\n",
    );
    page
}

/// One row a rule.
fn table(page: &mut String, title: &str, rules: &[&Rule]) {
    let _ = write!(
        page,
        "\n## {title}\n\n| rule | violation | requirement | reason | breaks |\n| --- | --- | --- | --- | --- |\n"
    );
    for rule in rules {
        row(page, &[&format!("`{}`", rule.id), rule.title, rule.requirement, rule.reason, rule.breaks]);
    }
}

/// A row of a table in Markdown, in which a bar within a cell has no meaning.
fn row(page: &mut String, cells: &[&str]) {
    let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_one_row() {
        let page = text();
        for rule in check::rules().map(|rule| &rule.rule).chain(verify::rules().map(|rule| &rule.rule)) {
            assert_eq!(page.matches(&format!("\n| `{}` | ", rule.id)).count(), 1, "{}", rule.id);
        }
        assert!(page.lines().filter(|line| line.starts_with("| `")).count() > MEMBERS.len() + ACCEPTED.len());
    }
}
