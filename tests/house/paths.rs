// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Finds the paths of a source file that begin with `crate`, `super` or `self`, in `use` items and in expressions.

/// All paths of a file, each as its segments; a group such as `a::{b, c}` gives one path for each member.
///
/// Comments, string literals and the tests at the end of the file do not count.
pub fn paths(source: &str) -> Vec<Vec<String>> {
    let code = code(source.split("#[cfg(test)]\nmod tests").next().unwrap_or(source));
    let tokens = tokens(&code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_start = matches!(tokens[at], "crate" | "super" | "self") && tokens.get(at + 1) == Some(&"::");
        let continues_a_path = at > 0 && matches!(tokens[at - 1], "::" | "$");
        if is_start && !continues_a_path {
            at = tree(&tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads one tree of a path from index `at` on, and returns the index after it.
fn tree<'a>(tokens: &[&'a str], mut at: usize, prefix: &[&'a str], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    while let Some(&token) = tokens.get(at) {
        if token == "{" {
            at += 1;
            while tokens.get(at).is_some_and(|&token| token != "}") {
                let next = tree(tokens, at, &path, found);
                at = if next > at { next } else { at + 1 };
            }
            return at + 1;
        }
        if !token.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            break;
        }
        path.push(token);
        at += 1;
        if tokens.get(at) != Some(&"::") {
            break;
        }
        at += 1;
    }
    if path.len() > prefix.len() {
        found.push(path.into_iter().map(str::to_owned).collect());
    }
    at
}

/// The source without comments and string literals.
fn code(source: &str) -> String {
    let mut code = String::new();
    for line in source.lines() {
        let mut in_string = false;
        let mut characters = line.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\\' if in_string => {
                    characters.next();
                }
                '"' => in_string = !in_string,
                '/' if !in_string && characters.peek() == Some(&'/') => break,
                _ if in_string => {}
                _ => code.push(character),
            }
        }
        code.push('\n');
    }
    code
}

/// Identifiers, `::`, and every other visible character by itself.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = if word > 0 {
            word
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}
