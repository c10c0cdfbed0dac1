// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Escapes text of a file for the terminal: a name could otherwise send control sequences, or end the line and imitate a
//! message of this tool.

/// A text in one line, with invisible and direction-changing characters escaped.
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // Visible characters, which `escape_debug` escapes only for literals.
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
    fn printable_escapes_terminal_controls() {
        let name = "\u{1b}[2J\n\u{7f}\u{9b}31m\u{202e}\u{200b}a\\\"\u{e9}";
        let shown = printable(name);
        assert_eq!(shown, "\\u{1b}[2J\\n\\u{7f}\\u{9b}31m\\u{202e}\\u{200b}a\\\"\u{e9}");
        assert_eq!(printable(&shown), shown, "what is printable stays as it is");
    }
}
