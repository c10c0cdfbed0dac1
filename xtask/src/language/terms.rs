// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Terms that plain technical English does without, and what to write for each.

/// Whole words or phrases in lower case, and what to write instead.
const BANNED: [(&str, &str); 18] = [
    ("nobody", "name the program or the person"),
    ("somebody", "name the program or the person"),
    ("someone", "name the program or the person"),
    ("whoever", "name the program or the person"),
    ("whatever", "name the thing"),
    ("folder", "write `directory`"),
    ("folders", "write `directories`"),
    ("behind", "write `after`, or say where it lies"),
    ("as it were", "leave it out"),
    ("of its own", "say which, or `separate`"),
    ("of their own", "say which, or `separate`"),
    ("speaks against", "write `finding` or `violation`"),
    ("kernel line", "write `kernel series`"),
    ("kernel lines", "write `kernel series`"),
    ("loose section", "write `unallocated section`"),
    ("way back", "write `undo record`"),
    ("first root file system", "write `initramfs`"),
    ("look around", "write `check`, `list` or `print`"),
];

/// What is wrong with a piece of prose.
pub fn violations(prose: &str) -> Vec<String> {
    let lower = prose.to_lowercase();
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

/// Whether a term stands in a text between characters that are no part of a word.
fn has_word(text: &str, term: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(term).any(|(start, _)| {
        !is_part(text[..start].chars().next_back()) && !is_part(text[start + term.len()..].chars().next())
    })
}

/// Whether a sentence begins with `What` and is no question.
fn begins_headless(prose: &str) -> bool {
    let sentences = prose.split_inclusive(['.', '!', '?']).map(str::trim);
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
        assert!(violations("The call returns after the kernel has answered.").is_empty());
    }

    #[test]
    fn a_headless_sentence_bites_and_a_question_does_not() {
        assert!(!violations("What comes twice.").is_empty());
        assert!(!violations("It ends. What follows is zero").is_empty());
        assert!(violations("What comes twice?").is_empty());
        assert!(violations("This is what the caller gets.").is_empty());
    }
}
