// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Relative links of documents: the file must exist, and so must the heading that an anchor names.

use super::Violation;
use std::path::Path;

/// The links of a document that lead nowhere.
pub fn broken(file: &Path, name: &str, text: &str) -> Vec<Violation> {
    let directory = file.parent().unwrap_or(Path::new("."));
    let mut violations = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        for link in links(line).filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { file.to_owned() } else { directory.join(path) };
            let is_there = target.exists() && (anchor.is_empty() || has_heading(&target, anchor));
            if !is_there {
                let what = format!("`{link}`: no such file or heading");
                violations.push(Violation { place: format!("{name}:{number}"), what });
            }
        }
    }
    violations
}

/// The targets of the links in a line of Markdown.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link)
}

/// Whether a document has the heading of an anchor: lower case, `-` for each blank, without other punctuation.
fn has_heading(file: &Path, anchor: &str) -> bool {
    let anchor_of = |heading: &str| -> String {
        let kept = heading.trim().to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    };
    let headings = |text: &str| {
        text.lines().filter(|line| line.starts_with('#')).any(|line| anchor_of(line.trim_start_matches('#')) == anchor)
    };
    fs_err::read_to_string(file).is_ok_and(|text| headings(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_missing_files_and_headings_are_found() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("a.md");
        let text = "# State and memory, per `thread`\n[a](a.md) [b](#state-and-memory-per-thread) [c](https://c.example)\n\
            [d](d.md)\n[e](a.md#none)\n[f](#none)\n";
        fs_err::write(&file, text).unwrap();
        let places: Vec<_> = broken(&file, "a.md", text).into_iter().map(|violation| violation.place).collect();
        assert_eq!(places, ["a.md:3", "a.md:4", "a.md:5"]);
    }
}
