// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The mirror of Debian that this machine's own apt configuration names (`sources.list(5)`).

use anyhow::Context;
use std::path::{Path, PathBuf};

/// The key of the archive's releases, if a source names none.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A source with the main component of Debian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// Its address.
    uri: String,
    /// The file of keys that its releases are signed with; `None` leaves it to apt.
    signed_by: Option<String>,
    /// The file that names it.
    pub named_in: PathBuf,
}

impl Mirror {
    /// The first one in the order in which apt reads its files.
    ///
    /// # Errors
    /// No source names a mirror of Debian.
    pub fn of_this_machine() -> anyhow::Result<Self> {
        Self::find_below(Path::new("/etc/apt"))
    }

    fn find_below(directory: &Path) -> anyhow::Result<Self> {
        let mut files = vec![directory.join("sources.list")];
        let parts = fs_err::read_dir(directory.join("sources.list.d")).into_iter().flatten().flatten();
        let mut parts: Vec<PathBuf> = parts.map(|entry| entry.path()).collect();
        parts.sort();
        files.append(&mut parts);
        let read = |path: &PathBuf| {
            let text = fs_err::read_to_string(path).ok()?;
            let (uri, signed_by) = match path.extension()?.to_str()? {
                "list" => text.lines().find_map(one_line),
                "sources" => text.split("\n\n").find_map(stanza),
                _ => None,
            }?;
            let keyring = || Path::new(KEYRING).exists().then(|| KEYRING.to_owned());
            Some(Self { uri, signed_by: signed_by.or_else(keyring), named_in: path.clone() })
        };
        files.iter().find_map(read).with_context(|| {
            format!(
                "{}: no source with the component main of Debian; packages of other releases come from the mirror \
                 that is named there, and from nowhere else",
                directory.display()
            )
        })
    }

    /// The source of another suite on the same mirror.
    pub fn line(&self, suite: &str) -> String {
        let key = self.signed_by.as_ref().map(|file| format!("signed-by={file} ")).unwrap_or_default();
        // The lists of packages only: some machines are set up to fetch pictures and contents too.
        format!("deb [{key}arch=amd64 target=Packages] {} {suite} main\n", self.uri)
    }
}

/// Address and key of a line `deb [OPTIONS] URI SUITE COMPONENT…`, if it is what we look for.
fn one_line(line: &str) -> Option<(String, Option<String>)> {
    let rest = line.trim().strip_prefix("deb")?.strip_prefix([' ', '\t'])?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let mut words = rest.split_whitespace();
    let (uri, _suite) = (words.next()?, words.next()?);
    let signed_by = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
    (is_debian(uri) && words.any(|word| word == "main")).then(|| (uri.into(), signed_by.and_then(key_file)))
}

/// Address and key of a stanza in the format `deb822(5)`, if it is what we look for.
fn stanza(text: &str) -> Option<(String, Option<String>)> {
    let field = |name: &str| {
        let value = |line: &str| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        };
        text.lines().filter(|line| !line.starts_with('#')).find_map(value)
    };
    let has = |name: &str, word: &str| field(name).is_some_and(|value| value.split_whitespace().any(|it| it == word));
    if !has("Types", "deb") || !has("Components", "main") || has("Enabled", "no") {
        return None;
    }
    let uri = field("URIs")?.split_whitespace().find(|uri| is_debian(uri))?.to_owned();
    Some((uri, field("Signed-By").as_deref().and_then(key_file)))
}

/// Whether this is Debian's main archive, not the one of security updates or of another vendor. Some machines name a file
/// with a list of mirrors instead.
fn is_debian(uri: &str) -> bool {
    matches!(uri.trim_end_matches('/').rsplit('/').next(), Some("debian" | "debian.list"))
}

/// The first file of keys; a source may also hold the keys themselves, or name their fingerprints.
fn key_file(value: &str) -> Option<String> {
    value.split([' ', ',']).next().filter(|file| file.starts_with('/')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, text: &str) -> anyhow::Result<Mirror> {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join(name);
        fs_err::create_dir_all(place.parent().unwrap()).unwrap();
        fs_err::write(place, text).unwrap();
        Mirror::find_below(directory.path())
    }

    #[test]
    fn a_stanza_names_address_and_key() {
        let text = "# A comment\nTypes: deb\nURIs: http://m.example/debian-security\nSuites: bookworm-security\nComponents: main\n\n\
                    Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\n\n\
                    Types: deb deb-src\n# URIs: http://old.example/debian\nURIs: http://m.example/debian\n\
                    Suites: bookworm bookworm-updates\nComponents: main contrib\nSigned-By: /keys/a.gpg\n";
        let mirror = found("sources.list.d/debian.sources", text).unwrap();
        assert_eq!(
            mirror.line("trixie"),
            "deb [signed-by=/keys/a.gpg arch=amd64 target=Packages] http://m.example/debian trixie main\n"
        );
        assert!(mirror.named_in.ends_with("sources.list.d/debian.sources"));
    }

    #[test]
    fn a_line_names_address_and_key() {
        let text = "#deb http://old.example/debian bookworm main\ndeb-src http://src.example/debian bookworm main\n\
                    deb http://m.example/debian-security bookworm-security main\n\
                    deb http://other.example/nodistro nodistro main\n\
                    deb [arch=amd64 signed-by=/keys/b.gpg] http://m.example/debian/ bookworm main\n";
        let line = found("sources.list", text).unwrap().line("s");
        assert_eq!(line, "deb [signed-by=/keys/b.gpg arch=amd64 target=Packages] http://m.example/debian/ s main\n");
        let line = found("sources.list", "deb mirror+file:/etc/mirrors/debian.list bookworm main\n").unwrap().line("s");
        assert!(line.ends_with("arch=amd64 target=Packages] mirror+file:/etc/mirrors/debian.list s main\n"), "{line}");
    }

    #[test]
    fn keys_that_are_no_file_are_left_to_the_archives_own() {
        assert_eq!(key_file("-----BEGIN PGP PUBLIC KEY BLOCK-----"), None);
        assert_eq!(key_file("/a.gpg,/b.gpg"), Some("/a.gpg".into()));
    }

    #[test]
    fn a_machine_without_a_mirror_is_told_so() {
        for (name, text) in [
            ("sources.list", "deb http://m.example/ubuntu noble main\n"),
            ("sources.list", "deb http://m.example/debian bookworm contrib\ndeb\ndeb [\n"),
            ("sources.list.d/debian.disabled", "deb http://m.example/debian bookworm main\n"),
        ] {
            let error = format!("{:#}", found(name, text).unwrap_err());
            assert!(error.contains("no source with the component main of Debian"), "{error}");
        }
    }
}
