// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The hunks of a unified diff that `git apply` accepts, to look up where each of them fits.

use anyhow::{Context, bail, ensure};

/// A run of lines with its change.
#[derive(Debug)]
pub struct Hunk<'text> {
    /// Numbers of its first line, before the change and after it.
    starts: [usize; 2],
    /// Sign (` `, `-` or `+`) and text of each line.
    pub lines: Vec<(char, &'text str)>,
}

/// One of the two texts that a hunk holds.
#[derive(Clone, Copy)]
pub enum Side {
    /// The lines before the change.
    Before,
    /// The lines after it.
    After,
}

impl<'text> Hunk<'text> {
    /// The number of the first line of one side.
    pub fn start(&self, side: Side) -> usize {
        self.starts[side as usize]
    }

    /// The lines of one side.
    pub fn side(&self, side: Side) -> Vec<&'text [u8]> {
        let other = match side {
            Side::Before => '+',
            Side::After => '-',
        };
        self.lines.iter().filter(|(sign, _)| *sign != other).map(|(_, text)| text.as_bytes()).collect()
    }
}

/// The hunks of a patch by the path of the file that they change, in the tree.
///
/// # Errors
/// The patch does more than change files inside the tree, or is malformed.
pub fn hunks_of(patch: &str) -> anyhow::Result<Vec<(String, Vec<Hunk<'_>>)>> {
    let mut files: Vec<(String, Vec<Hunk>)> = Vec::new();
    let mut lines = patch.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        if let Some(new) = line.strip_prefix("--- ").and_then(|_| lines.next_if(|next| next.starts_with("+++ "))) {
            files.push((patched_path(&line[4..], &new[4..])?, Vec::new()));
        } else if let Some(ranges) = line.strip_prefix("@@ ") {
            let (_, hunks) = files.last_mut().context("malformed patch: a hunk without a file")?;
            let (starts, [mut old, mut new]) = ranges_of(ranges).context("malformed patch: a hunk without ranges")?;
            let mut hunk = Hunk { starts, lines: Vec::new() };
            while old + new > 0 {
                let text = lines.next().context("malformed patch: a hunk without its end")?;
                // An empty line of context may have lost its sign, as in records of former versions.
                let signed = if text == "\n" { None } else { Some(text.split_at_checked(1)) };
                let (sign, rest) =
                    signed.unwrap_or(Some((" ", text))).context("malformed patch: a line without a sign")?;
                let sign = sign.chars().next().unwrap_or(' ');
                old -= usize::from(sign != '+').min(old);
                new -= usize::from(sign != '-').min(new);
                hunk.lines.push((sign, rest));
                if lines.next_if(|next| next.starts_with('\\')).is_some() {
                    hunk.lines.last_mut().expect("pushed above").1 = rest.trim_end_matches('\n');
                }
            }
            hunks.push(hunk);
        }
    }
    ensure!(!files.is_empty(), "malformed patch: no file");
    Ok(files)
}

/// The first lines and the lengths of `-OLD,COUNT +NEW,COUNT @@`.
fn ranges_of(text: &str) -> Option<([usize; 2], [usize; 2])> {
    let mut words = text.split(' ');
    let range = |word: Option<&str>, sign: char| {
        let word = word?.strip_prefix(sign)?;
        let (start, count) = word.split_once(',').unwrap_or((word, "1"));
        Some((start.parse::<usize>().ok()?, count.parse::<usize>().ok()?))
    };
    let (old_start, old) = range(words.next(), '-')?;
    let (new_start, new) = range(words.next(), '+')?;
    Some(([old_start, new_start], [old, new]))
}

/// The path in the tree of a file with these two names.
fn patched_path(old: &str, new: &str) -> anyhow::Result<String> {
    let [old, new] = [old, new].map(|name| name.split(['\t', '\n']).next().unwrap_or_default());
    let (Some(original), Some(path)) = (old.strip_prefix("a/"), new.strip_prefix("b/")) else {
        bail!("creates, deletes or renames a file; new files belong in the directory files/");
    };
    ensure!(original == path, "{original} and {path}: two names for one file");
    let is_inside = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    ensure!(is_inside, "{path}: not a path inside the tree");
    Ok(path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_keep_their_lines_and_ranges() {
        let patch = "words\n--- a/d/f\n+++ b/d/f\n@@ -2 +2,2 @@ function\n-two\n+--- a/x\n+2\n@@ -9,1 +10 @@\n-x\n+y\n\\ No newline\n";
        let [(path, hunks)] = &hunks_of(patch).unwrap()[..] else { panic!() };
        assert_eq!((path.as_str(), hunks.len(), hunks[1].start(Side::Before)), ("d/f", 2, 9));
        assert_eq!(hunks[0].side(Side::Before), [b"two\n"]);
        assert_eq!(hunks[0].side(Side::After), [&b"--- a/x\n"[..], b"2\n"]);
        assert_eq!(hunks[1].side(Side::After), [b"y"]);
    }

    #[test]
    fn empty_lines_without_a_sign_are_context() {
        let hunks = hunks_of("--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n one\n\n+three\n").unwrap();
        assert_eq!(hunks[0].1[0].side(Side::Before), [&b"one\n"[..], b"\n"]);
        assert_eq!(hunks[0].1[0].side(Side::After), [&b"one\n"[..], b"\n", b"three\n"]);
    }

    #[test]
    fn hunks_that_end_early_are_refused() {
        for patch in ["@@ -1 +1 @@\n-a\n+b\n", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n", "--- a/f\n+++ b/f\n@@ x @@\n"] {
            hunks_of(patch).unwrap_err();
        }
        let renamed = hunks_of("--- a/f\n+++ b/g\n").unwrap_err().to_string();
        assert_eq!(renamed, "f and g: two names for one file");
    }
}
