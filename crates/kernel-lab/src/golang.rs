// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Go, from Debian's packages: without a network, and with nothing written outside of `target/`.

use crate::debian::{self, Suite};
use crate::{process, progress, workspace};
use anyhow::Context;
use duct::cmd;
use std::path::{Path, PathBuf};

/// The compiler with its tools, and the standard library.
pub const PACKAGES: [&str; 2] = ["golang-1.24-go", "golang-1.24-src"];

/// Where the packages have it.
const GOROOT: &str = "usr/lib/go-1.24";

/// A Go that can build.
pub struct Go<'path> {
    root: PathBuf,
    output: &'path Path,
}

impl<'path> Go<'path> {
    /// Fetches the packages. Programs are built in `output`.
    ///
    /// # Errors
    /// They cannot be fetched.
    pub fn of(suite: Suite, output: &'path Path) -> anyhow::Result<Self> {
        let packages = debian::packages(suite, &PACKAGES)?;
        let version = packages[0].file_name().context("a package without a name")?;
        let merged = output.join("go").join(version);
        if !merged.exists() {
            merge(&packages, &merged)?;
        }
        Ok(Self { root: merged.join(GOROOT), output })
    }

    /// Builds a static program of one source file, and returns its place.
    ///
    /// # Errors
    /// The compiler does not take it; the message holds its words.
    pub fn build(&self, source: &Path, name: &str) -> anyhow::Result<PathBuf> {
        let (program, own) = (self.output.join(name), self.output.join("go"));
        let _spinner = progress::spinner("Compiling", workspace::shown(source));
        let build = cmd!(self.root.join("bin/go"), "build", "-trimpath", "-ldflags=-s -w", "-o", &program, source)
            // The standard library lies inside this repository's directory but is not part of it: Go must not ask git.
            .dir(&own)
            .env("GOROOT", &self.root)
            .env("GOFLAGS", "-mod=mod")
            .env("GOPROXY", "off")
            .env("GOTOOLCHAIN", "local")
            .env("GOENV", "off")
            .env("GOWORK", "off")
            .env("CGO_ENABLED", "0")
            .env("GOCACHE", own.join("cache"))
            .env("GOPATH", own.join("path"))
            .env("HOME", &own)
            .env_remove("XDG_CONFIG_HOME");
        process::run_logged(&format!("go build of {name}"), &build, &self.output.join(format!("{name}.log")))?;
        Ok(program)
    }
}

/// Merges packages into one directory by hard links: symbolic links of one package lead into another.
fn merge(packages: &[PathBuf], into: &Path) -> anyhow::Result<()> {
    let partial = into.with_extension("partial");
    if partial.exists() {
        fs_err::remove_dir_all(&partial)?;
    }
    fs_err::create_dir_all(&partial)?;
    for package in packages {
        process::output_of("cp", &cmd!("cp", "--archive", "--link", package.join("."), &partial))?;
    }
    Ok(fs_err::rename(partial, into)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_that_several_packages_have_are_merged() {
        let directory = tempfile::tempdir().unwrap();
        let [first, second, into] = ["first", "second", "into_1.2"].map(|name| directory.path().join(name));
        for (package, file) in [(&first, "usr/lib/a"), (&second, "usr/lib/b")] {
            fs_err::create_dir_all(package.join("usr/lib")).unwrap();
            fs_err::write(package.join(file), file).unwrap();
        }
        merge(&[first, second], &into).unwrap();
        assert!(into.join("usr/lib/a").exists() && into.join("usr/lib/b").exists());
        assert!(!into.with_extension("partial").exists());
    }
}
