// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The prose in a line of a source file: comments and strings, without code in backticks.

/// Endings of files with prose of ours.
pub const ENDINGS: [&str; 9] = ["md", "rs", "c", "h", "s", "S", "lds", "py", "go"];

/// The pieces of prose in one line of a file.
pub fn of(path: &str, line: &str) -> Vec<String> {
    let pieces = if path.ends_with(".md") { vec![line.to_owned()] } else { comments_and_strings(line) };
    pieces.iter().map(|piece| without_code(piece)).filter(|piece| !piece.trim().is_empty()).collect()
}

fn comments_and_strings(line: &str) -> Vec<String> {
    let trimmed = line.trim_start();
    // A line within a block comment; assembly and Python begin comments with `#`, the preprocessor its own words.
    let is_comment = trimmed.starts_with("* ") || trimmed.starts_with("# ");
    if is_comment {
        return vec![trimmed[2..].to_owned()];
    }
    let (mut pieces, mut string, mut rest) = (Vec::new(), None::<String>, line.chars().peekable());
    while let Some(c) = rest.next() {
        match (&mut string, c) {
            (Some(text), '\\') => text.extend(rest.next()),
            (Some(_), '"') => pieces.extend(string.take()),
            (Some(text), c) => text.push(c),
            // The character `"` in quotes begins no string.
            (None, '\'') if rest.peek() == Some(&'"') => drop(rest.by_ref().take(2).count()),
            (None, '"') => string = Some(String::new()),
            (None, '/') if matches!(rest.peek(), Some('/' | '*')) => {
                let comment: String = rest.by_ref().collect();
                pieces.push(comment.trim_start_matches(['/', '!', '*']).trim_end_matches(['*', '/']).trim().to_owned());
            }
            (None, _) => {}
        }
    }
    // A string that goes on in the next line.
    pieces.extend(string);
    pieces
}

/// A text without what stands in backticks.
fn without_code(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join("\u{b7}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_prose_and_code_is_not() {
        for (path, line, wanted) in [
            ("a.rs", "/// Returns the `folder`.", &["Returns the \u{b7}."][..]),
            ("a.rs", "let folder = open(\"a \\\"b\\\" c\", 'x'); // why", &["a \"b\" c", "why"]),
            ("a.rs", "let folder = line.find('\"');", &[]),
            ("a.rs", "let url = \"https://a\";", &["https://a"]),
            ("a.c", "\t * in the middle of a block", &["in the middle of a block"]),
            ("a.c", "int x; /* short */", &["short"]),
            ("a.s", "# Head of a file", &["Head of a file"]),
            ("a.md", "Text with `code` in it", &["Text with \u{b7} in it"]),
        ] {
            assert_eq!(of(path, line), wanted, "{line}");
        }
    }
}
