// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Text of a file on its way to a terminal, in which a name could otherwise give orders, or end the line and go on as a
//! message of ours.

/// A text in one line: control characters, and those that turn or hide what stands beside them, are escaped.
pub(crate) fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || directs(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Whether a character of no width changes how its neighbours are shown (Unicode, general categories Cf, Zl and Zp).
fn directs(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn orders_to_the_terminal_are_shown_and_not_given() {
        let name = "\u{1b}[2J\n\u{7f}\u{9b}31m\u{202e}\u{200b}a\\\"\u{e9}";
        let shown = printable(name);
        assert_eq!(shown, "\\u{1b}[2J\\n\\u{7f}\\u{9b}31m\\u{202e}\\u{200b}a\\\"\u{e9}");
        assert_eq!(printable(&shown), shown, "what is printable stays as it is");
    }
}
