// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Terms that plain technical English does without, and what to write for each.

/// Whole words or phrases in lower case, and what to write instead.
const BANNED: [(&str, &str); 46] = [
    ("nobody", "name the program or the person"),
    ("somebody", "name the program or the person"),
    ("someone", "name the program or the person"),
    ("anybody", "name the program or the person"),
    ("everybody", "name the programs or the people"),
    ("no one", "name the program or the person"),
    ("whoever", "name the program or the person"),
    ("whatever", "name the thing"),
    ("folder", "write `directory`"),
    ("folders", "write `directories`"),
    ("behind", "write `after`, or say where it lies"),
    ("in front of", "write `before`"),
    ("as it were", "leave it out"),
    ("of its own", "say which, or `separate`"),
    ("of their own", "say which, or `separate`"),
    ("speak against", "write `finding` or `violation`"),
    ("speaks against", "write `finding` or `violation`"),
    ("demand", "write `requirement` or `require`"),
    ("demands", "write `requirement` or `requires`"),
    ("demanded", "write `required`"),
    ("is wanted", "write `required`"),
    ("are wanted", "write `required`"),
    ("kernel line", "write `kernel series`"),
    ("kernel lines", "write `kernel series`"),
    ("loose section", "write `unallocated section`"),
    ("loose sections", "write `unallocated sections`"),
    ("way back", "write `undo record`"),
    ("first root file system", "write `initramfs`"),
    ("look around", "write `check`, `list` or `print`"),
    ("looks around", "write `check`, `list` or `print`"),
    ("judge", "write `check`, `verify` or `verdict`"),
    ("judges", "write `check`, `verify` or `verdict`"),
    ("judged", "write `checked` or `verified`"),
    ("usual place", "write `default data page`"),
    ("other place", "write `time-namespace data page`, or say which"),
    ("the mark", "write `in-use tag`"),
    ("its mark", "write `in-use tag`"),
    ("in-use mark", "write `in-use tag`"),
    ("unserved", "say that it falls back to the system call"),
    ("door", "write `entry point`"),
    ("doors", "write `entry points`"),
    ("consumer", "write `caller`, `client program` or `lookup model`"),
    ("consumers", "write `callers`, `client programs` or `lookup models`"),
    ("competitor", "write `peer`"),
    ("comes and goes", "say what the kernel does"),
    ("droppable area", "write `droppable mapping`"),
];

/// Phrases of the field that hold a banned word.
const ALLOWED: [&str; 1] = ["on demand"];

/// The violations in a piece of prose, each with what to write instead.
pub fn violations(prose: &str) -> Vec<String> {
    let lower = ALLOWED.iter().fold(prose.to_lowercase(), |text, phrase| text.replace(phrase, ""));
    let mut violations: Vec<String> = BANNED
        .iter()
        .filter(|(term, _)| has_word(&lower, term))
        .map(|(term, instead)| format!("`{term}`: {instead}"))
        .collect();
    if begins_headless(prose) {
        violations.push("a sentence that begins with `What`: name the subject".into());
    }
    violations
}

/// Whether a term stands in a text between characters that are no part of a word or a path.
fn has_word(text: &str, term: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '/' | '-'));
    text.match_indices(term).any(|(start, _)| {
        !is_part(text[..start].chars().next_back()) && !is_part(text[start + term.len()..].chars().next())
    })
}

/// Whether a sentence, a heading or a table's cell begins with `What` and is no question.
fn begins_headless(prose: &str) -> bool {
    let is_mark = |c: char| c.is_whitespace() || matches!(c, '#' | '*' | '-' | '|');
    let sentences = prose.split_inclusive(['.', '!', '?', '|']).map(|sentence| sentence.trim_matches(is_mark));
    let mut headless = sentences.filter(|sentence| sentence.starts_with("What ") && !sentence.ends_with('?'));
    headless.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_banned_term_bites_as_a_word_and_not_inside_of_one() {
        for (term, _) in BANNED {
            assert!(!violations(&format!("This is {term}.")).is_empty(), "{term}");
            assert!(violations(&format!("This is x{term}x.")).is_empty(), "{term}");
        }
        assert!(!violations("Nobody calls it").is_empty(), "also at the beginning");
        assert!(violations("The pages are built on demand.").is_empty());
        assert!(violations("See tests/judge/main.c.").is_empty(), "a path");
        assert!(violations("The call returns after the kernel has answered.").is_empty());
    }

    #[test]
    fn a_headless_sentence_bites_and_a_question_does_not() {
        assert!(!violations("What comes twice.").is_empty());
        assert!(!violations("It ends. What follows is zero").is_empty());
        assert!(!violations("## What is not covered").is_empty());
        assert!(!violations("| file | What happened |").is_empty());
        assert!(violations("What comes twice?").is_empty());
        assert!(violations("This is what the caller gets.").is_empty());
    }
}
