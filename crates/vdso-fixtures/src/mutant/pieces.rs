// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A source as the pieces that count: the tokens of a Rust file, the lines of an assembly file.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use std::ops::Range;

/// A token or a line without its comment.
pub struct Piece {
    /// The text by which two pieces are compared.
    pub text: String,
    /// Its bytes in the source.
    pub place: Range<usize>,
}

/// The pieces of a source; `None` for a Rust file that is no sequence of tokens. The name of the file tells the language.
pub fn cut(file: &str, source: &str) -> Option<Vec<Piece>> {
    if !file.ends_with(".rs") {
        return Some(lines(source));
    }
    let mut pieces = Vec::new();
    tokens(source.parse().ok()?, source, &mut pieces);
    Some(pieces)
}

/// Appends the tokens of a stream, with the brackets of its groups as tokens.
fn tokens(stream: TokenStream, source: &str, pieces: &mut Vec<Piece>) {
    for tree in stream {
        // A doc comment is an attribute for the tokeniser, and all of its tokens have the place of the comment.
        if is_comment(tree.span(), source) {
            continue;
        }
        let mut push = |text: String, span: Span| pieces.push(Piece { text, place: span.byte_range() });
        let TokenTree::Group(group) = tree else {
            push(tree.to_string(), tree.span());
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        push(open.into(), group.span_open());
        tokens(group.stream(), source, pieces);
        pieces.push(Piece { text: close.into(), place: group.span_close().byte_range() });
    }
}

fn is_comment(span: Span, source: &str) -> bool {
    let text = &source[span.byte_range()];
    text.starts_with("//") || text.starts_with("/*")
}

/// The lines that are not empty without their comment, with single spaces between words.
fn lines(source: &str) -> Vec<Piece> {
    let mut start = 0;
    let mut pieces = Vec::new();
    for line in source.split_inclusive('\n') {
        let code = line.split('#').next().unwrap_or_default();
        let indent = code.len() - code.trim_start().len();
        let place = start + indent..start + code.trim_end().len();
        start += line.len();
        if !place.is_empty() {
            pieces.push(Piece { text: code.split_whitespace().collect::<Vec<_>>().join(" "), place });
        }
    }
    pieces
}
