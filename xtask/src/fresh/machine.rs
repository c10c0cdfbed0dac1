// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The settings by which this machine gets packages and crates, for the root to get them in the same way. Nothing else of
//! the machine goes there.

use anyhow::Context;
use duct::cmd;
use kernel_lab::debian::Mirror;
use kernel_lab::process;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files and directories of apt's sources, their keys and passwords, and of name resolution.
const COPIED: [&str; 14] = [
    "etc/apt/sources.list",
    "etc/apt/sources.list.d",
    "etc/apt/preferences",
    "etc/apt/preferences.d",
    "etc/apt/auth.conf",
    "etc/apt/auth.conf.d",
    "etc/apt/mirrors",
    "etc/apt/keyrings",
    "etc/apt/trusted.gpg",
    "etc/apt/trusted.gpg.d",
    "usr/share/keyrings",
    "etc/ssl/certs/ca-certificates.crt",
    "etc/resolv.conf",
    "etc/hosts",
];

/// Variables that lead to proxies and certificates.
const VARIABLES: [&str; 8] = [
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "CARGO_NET_GIT_FETCH_WITH_CLI",
];

/// Beginnings of the variables that configure Cargo's registries.
const CARGO_PREFIXES: [&str; 3] = ["CARGO_HTTP_", "CARGO_REGISTRIES_", "CARGO_SOURCE_"];

/// Cargo's configuration, in its home directory.
const CARGO_CONFIG: &str = "config.toml";

/// This machine's settings.
pub struct Machine {
    release: String,
    source: String,
    acquire: String,
    environment: BTreeMap<String, String>,
}

impl Machine {
    /// Reads them.
    ///
    /// # Errors
    /// This is no Debian, or its apt configuration names no mirror.
    pub fn of_this_one() -> anyhow::Result<Self> {
        let os = fs_err::read_to_string("/etc/os-release")?;
        let release = codename(&os).context(
            "fresh: /etc/os-release: names no Debian release; the bare root is made of the machine's own release: run it on Debian",
        )?;
        let dump = process::output_of("apt-config dump", &cmd!("apt-config", "dump", "Acquire"))?;
        Ok(Self {
            source: Mirror::of_this_machine()?.line(&release),
            release,
            acquire: acquire_options(&dump),
            environment: passed_on(
                std::env::vars_os()
                    .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
            ),
        })
    }

    /// The codename of its Debian release.
    pub fn release(&self) -> &str {
        &self.release
    }

    /// The line by which apt gets packages of that release.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// How apt fetches, in the format of its configuration.
    pub fn acquire(&self) -> &str {
        &self.acquire
    }

    /// The variables of the commands: those that lead to proxies and registries, and `CI`.
    pub fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("CI", "true")])
    }

    /// Puts the settings into a root.
    ///
    /// # Errors
    /// A file cannot be copied.
    pub fn configure(&self, root: &Path) -> anyhow::Result<()> {
        // The line that made the root: beside this machine's sources apt can refuse it, for another `Signed-By`.
        let made_by = root.join("etc/apt/sources.list");
        if made_by.exists() {
            fs_err::remove_file(made_by)?;
        }
        for path in COPIED {
            replace(&Path::new("/").join(path), &root.join(path))?;
        }
        let files = ["SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "CARGO_HTTP_CAINFO"];
        let files = files.iter().filter_map(|name| self.environment.get(*name));
        for file in files {
            replace(Path::new(file), &root.join(file.trim_start_matches('/')))?;
        }
        fs_err::write(root.join("etc/apt/apt.conf.d/50acquire"), &self.acquire)?;
        replace(&cargo_home()?.join(CARGO_CONFIG), &root.join("root/.cargo").join(CARGO_CONFIG))
    }
}

/// Cargo's home directory on this machine.
fn cargo_home() -> anyhow::Result<PathBuf> {
    let set = std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let below_home = || std::env::home_dir().map(|home| home.join(".cargo"));
    set.or_else(below_home).context("CARGO_HOME and HOME are not set; set one of them")
}

/// Puts a copy of a file or directory in the place of another one, links followed; nothing if there is no original.
fn replace(from: &Path, to: &Path) -> anyhow::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    if to.is_dir() {
        fs_err::remove_dir_all(to)?;
    } else if to.symlink_metadata().is_ok() {
        fs_err::remove_file(to)?;
    }
    fs_err::create_dir_all(to.parent().context("the root itself is no setting")?)?;
    process::output_of("cp", &cmd!("cp", "--recursive", "--dereference", "--preserve=mode", from, to)).map(drop)
}

/// The codename of a Debian release in the format of `os-release(5)`; `None` for other systems.
fn codename(os: &str) -> Option<String> {
    let field = |name: &str| {
        let value = |line: &str| Some(line.strip_prefix(name)?.strip_prefix('=')?.trim_matches('"').to_owned());
        os.lines().find_map(value)
    };
    field("ID").filter(|id| id == "debian").and_then(|_| field("VERSION_CODENAME"))
}

/// The options of `apt-config dump` that say how to fetch. Those that say what to fetch are in every root already.
fn acquire_options(dump: &str) -> String {
    let is_method = |line: &&str| line.starts_with("Acquire::") && !line.starts_with("Acquire::IndexTargets");
    dump.lines().filter(is_method).map(|line| format!("{line}\n")).collect()
}

/// The variables among `all` that a root needs. Tokens are secrets and stay out; a token in Cargo's configuration goes with it.
fn passed_on(all: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let is_needed = |name: &str| {
        VARIABLES.iter().any(|it| it.eq_ignore_ascii_case(name))
            || (CARGO_PREFIXES.iter().any(|it| name.starts_with(it)) && !name.ends_with("_TOKEN"))
    };
    all.filter(|(name, value)| is_needed(name) && !value.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codename_is_that_of_debian_only() {
        assert_eq!(codename("ID=debian\nVERSION_CODENAME=\"trixie\"\n").as_deref(), Some("trixie"));
        assert_eq!(codename("VERSION_CODENAME=noble\nID=ubuntu\n"), None);
        assert_eq!(codename("ID=debian\n"), None);
    }

    #[test]
    fn acquire_options_say_how_and_not_what() {
        let dump = "Acquire \"\";\nAcquire::http::Proxy \"http://p.example:1/\";\n\
                    Acquire::IndexTargets::deb::Packages \"\";\nAPT::Architecture \"amd64\";\n";
        assert_eq!(acquire_options(dump), "Acquire::http::Proxy \"http://p.example:1/\";\n");
    }

    #[test]
    fn variables_of_proxies_and_registries_are_passed_on_and_secrets_are_not() {
        let all =
            ["https_proxy", "HTTP_PROXY", "CARGO_HTTP_CAINFO", "CARGO_REGISTRIES_X_TOKEN", "CARGO_REGISTRIES_X_INDEX"];
        let kept = passed_on(all.into_iter().chain(["HOME", "PATH"]).map(|name| (name.into(), "x".into())));
        let kept: Vec<&str> = kept.keys().map(String::as_str).collect();
        assert_eq!(kept, ["CARGO_HTTP_CAINFO", "CARGO_REGISTRIES_X_INDEX", "HTTP_PROXY", "https_proxy"]);
    }

    #[test]
    fn a_setting_replaces_what_the_root_had() {
        let directory = tempfile::tempdir().unwrap();
        let [from, to] = ["from", "to"].map(|name| directory.path().join(name));
        replace(&from, &to).unwrap();
        assert!(!to.exists(), "nothing to copy");
        fs_err::create_dir_all(&from).unwrap();
        fs_err::create_dir_all(&to).unwrap();
        fs_err::write(from.join("new"), "").unwrap();
        fs_err::write(to.join("old"), "").unwrap();
        replace(&from, &to).unwrap();
        assert!(to.join("new").exists() && !to.join("old").exists());
        std::os::unix::fs::symlink("nowhere", directory.path().join("link")).unwrap();
        replace(&from.join("new"), &directory.path().join("link")).unwrap();
        assert!(directory.path().join("link").is_file());
    }
}
