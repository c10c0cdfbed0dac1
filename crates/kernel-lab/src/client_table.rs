// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The table of client programs, `tests/clients/clients.toml`: read here, and compiled into the guest's `/init` as C.

use anyhow::{Context, ensure};
use serde::Deserialize;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// Path of the table in the repository, for messages.
const PATH: &str = "tests/clients/clients.toml";

static TABLE: LazyLock<Vec<Client>> = LazyLock::new(|| {
    let table = parse(include_str!("../../../tests/clients/clients.toml"));
    table.unwrap_or_else(|error| panic!("{error:#}"))
});

/// One client program and its bounds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Name on the command line and in reports.
    pub name: String,
    /// Path in the guest, and arguments.
    pub command: Vec<String>,
    /// Upper bound of its system calls with `__vdso_getrandom`.
    at_most: u32,
    /// Lower bound of its system calls without.
    at_least: Option<u32>,
    /// Whether it must fail without.
    #[serde(default)]
    must_fail: bool,
    /// Why the bounds are what they are.
    reason: String,
}

/// The entries as they are written, so that an error can name the client.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    client: Vec<toml::Table>,
}

/// Returns all clients, in the order in which they run.
///
/// # Panics
/// The table is invalid; the message names the entry.
pub fn clients() -> &'static [Client] {
    &TABLE
}

/// Returns the elements of a C array of `struct client` (`tests/clients/init/init.h`).
pub fn c_elements() -> String {
    elements(clients())
}

fn elements(clients: &[Client]) -> String {
    let mut text = format!("/* Generated from {PATH} for each build of the guest. */\n");
    for Client { name, command, at_most, at_least, .. } in clients {
        let least = at_least.map_or_else(|| "MUST_FAIL".to_owned(), |least| least.to_string());
        let words: String = command.iter().fold(String::new(), |mut words, word| {
            let _ = write!(words, "\"{word}\", ");
            words
        });
        let _ = writeln!(text, "{{ \"{name}\", {at_most}, {least}, (char *const[]){{ {words}NULL }} }},");
    }
    text
}

fn parse(text: &str) -> anyhow::Result<Vec<Client>> {
    let entries: Entries = toml::from_str(text).context(PATH)?;
    let mut clients: Vec<Client> = Vec::new();
    for (index, entry) in entries.client.into_iter().enumerate() {
        let name = entry.get("name").and_then(toml::Value::as_str).map(str::to_owned);
        let place =
            || format!("{PATH}: client {}{}", index + 1, name.map(|name| format!(" `{name}`")).unwrap_or_default());
        let client = entry.try_into().map_err(anyhow::Error::from).and_then(|client| {
            check(&client, &clients)?;
            Ok(client)
        });
        clients.push(client.with_context(place)?);
    }
    Ok(clients)
}

fn check(client: &Client, earlier: &[Client]) -> anyhow::Result<()> {
    let Client { name, command, at_most, at_least, must_fail, reason } = client;
    // The kernel's command line separates names by commas, and words by spaces.
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    ensure!(!name.is_empty() && name.chars().all(is_plain), "the name may have a-z, 0-9, dots and hyphens only");
    ensure!(earlier.iter().all(|other| other.name != *name), "the name is not unique");
    ensure!(
        command.first().is_some_and(|program| program.starts_with('/')),
        "the command begins with no absolute path"
    );
    let is_literal = |c: char| (c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '?')) || c == ' ';
    ensure!(command.iter().all(|word| word.chars().all(is_literal)), "the command has a character that C would escape");
    ensure!(*at_most > 0, "at_most is 0: the first key is a system call");
    ensure!(at_least.is_some() != *must_fail, "one of at_least and must_fail is required, not both");
    ensure!(at_least != &Some(0), "at_least is 0, which every run fulfils");
    ensure!(!reason.trim().is_empty(), "the reason is empty");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[client]]\nname = \"a\"\ncommand = [\"/a\", \"1 2\"]\nat_most = 3\nat_least = 9\nreason = \"r\"\n\
                        [[client]]\nname = \"b\"\ncommand = [\"/b\"]\nat_most = 2\nmust_fail = true\nreason = \"r\"\n";

    fn error(text: &str) -> String {
        format!("{:#}", parse(text).unwrap_err())
    }

    #[test]
    fn elements_hold_each_client_with_its_bounds_and_command() {
        let text = elements(&parse(GOOD).unwrap());
        let lines: Vec<&str> = text.lines().skip(1).collect();
        let expected = [
            r#"{ "a", 3, 9, (char *const[]){ "/a", "1 2", NULL } },"#,
            r#"{ "b", 2, MUST_FAIL, (char *const[]){ "/b", NULL } },"#,
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn the_table_of_the_repository_is_valid() {
        let names: Vec<&str> = clients().iter().map(|client| client.name.as_str()).collect();
        assert!(names.contains(&"glibc") && names.contains(&"go"), "{names:?}");
        assert_eq!(c_elements().lines().count(), names.len() + 1);
    }

    #[test]
    fn a_bad_entry_is_named_with_the_reason() {
        let cases = [
            ("name = \"b\"", "name = \"B\"", "client 2 `B`: the name may have"),
            ("name = \"b\"", "name = \"a\"", "client 2 `a`: the name is not unique"),
            ("name = \"b\"\n", "", "client 2: missing field `name`"),
            ("[\"/b\"]", "[]", "client 2 `b`: the command begins with no absolute path"),
            ("[\"/b\"]", "[\"b\"]", "client 2 `b`: the command begins with no absolute path"),
            ("\"1 2\"", "'\"'", "client 1 `a`: the command has a character"),
            ("at_most = 3", "at_most = 0", "client 1 `a`: at_most is 0"),
            ("at_most = 3", "at_most = -3", "client 1 `a`: invalid value"),
            ("at_most = 3\n", "", "client 1 `a`: missing field `at_most`"),
            ("at_least = 9", "at_least = 0", "client 1 `a`: at_least is 0"),
            ("at_least = 9\n", "", "client 1 `a`: one of at_least and must_fail"),
            ("must_fail = true", "must_fail = true\nat_least = 1", "client 2 `b`: one of at_least and must_fail"),
            ("reason = \"r\"", "reason = \" \"", "client 1 `a`: the reason is empty"),
            ("reason = \"r\"", "reasons = \"r\"", "client 1 `a`: unknown field `reasons`"),
        ];
        for (before, after, expected) in cases {
            assert!(GOOD.contains(before), "{before}");
            let error = error(&GOOD.replacen(before, after, 1));
            assert!(error.starts_with(&format!("{PATH}: {expected}")), "{error}");
        }
    }

    #[test]
    fn a_table_that_is_no_toml_is_an_error_with_its_path() {
        assert!(error("[[client]\n").starts_with(PATH));
        assert!(error("[[program]]\n").contains("unknown field `program`"));
    }
}
