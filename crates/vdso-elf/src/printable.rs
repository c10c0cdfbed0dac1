// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Text of a file on its way to a terminal, in which a name could otherwise give orders, or end the line and go on as a
//! message of ours.

/// A text in one line: what cannot be seen, or turns what stands beside it, is escaped.
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // These can be seen, and are escaped in literals only.
            '"' | '\'' | '\\' => safe.push(character),
            _ => safe.extend(character.escape_debug()),
        }
    }
    safe
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
