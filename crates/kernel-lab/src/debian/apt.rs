// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! apt with separate directories: it neither reads nor changes the list of installed packages.

use super::Mirror;
use crate::process;
use anyhow::Context;
use duct::cmd;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// One suite of a mirror, and where apt keeps what it knows of it.
pub struct Apt {
    directory: PathBuf,
    options: Vec<OsString>,
}

impl Apt {
    /// Prepares the directories of apt.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn new(mirror: &Mirror, suite: &str, directory: PathBuf) -> anyhow::Result<Self> {
        let [state, cache, archives] = ["state", "cache", "archives"].map(|name| directory.join(name));
        let (status, sources) = (state.join("status"), directory.join("sources.list"));
        let (preferences, preference_parts) = (directory.join("preferences"), directory.join("preferences.d"));
        for needed in [&state.join("lists/partial"), &cache.join("archives/partial"), &archives, &preference_parts] {
            fs_err::create_dir_all(needed)?;
        }
        fs_err::write(&sources, mirror.line(suite))?;
        // Nothing is installed, as far as this apt knows, and nothing is pinned.
        for empty in [&status, &preferences] {
            fs_err::write(empty, "")?;
        }
        let mut options = Vec::new();
        let mut set = |name: &str, value: OsString| {
            let mut option = OsString::from(format!("{name}="));
            option.push(value);
            options.extend(["-o".into(), option]);
        };
        set("Dir::State", state.into());
        set("Dir::State::status", status.into());
        set("Dir::Cache", cache.into());
        set("Dir::Etc::sourcelist", sources.into());
        set("Dir::Etc::sourceparts", "-".into());
        set("Dir::Etc::preferences", preferences.into());
        set("Dir::Etc::preferencesparts", preference_parts.into());
        // The release that the machine prefers may be unknown here.
        set("APT::Default-Release", "".into());
        set("APT::Architecture", "amd64".into());
        set("APT::Architectures", "amd64".into());
        set("Acquire::Languages", "none".into());
        set("Acquire::Retries", "3".into());
        // As root, apt would fetch as a user who may not write here.
        set("APT::Sandbox::User", "root".into());
        // A list that could not be fetched must not pass for one that is there.
        set("APT::Update::Error-Mode", "any".into());
        Ok(Self { directory, options })
    }

    /// Fetches the newest versions and returns their archives. The known index may be older than
    /// the mirror, so after a failure the index is updated and the download tried once more.
    ///
    /// # Errors
    /// The mirror cannot be reached, or does not have a package.
    pub fn download(&self, packages: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
        let archives = self.directory.join("archives");
        for stale in fs_err::read_dir(&archives)? {
            fs_err::remove_file(stale?.path())?;
        }
        if self.run("download", packages).is_err() {
            self.run("update", &[]).context(
                "the mirror of this machine's apt configuration does not give its list; \
                 see that it can be reached, and that the package debian-archive-keyring is up to date",
            )?;
            self.run("download", packages)?;
        }
        let files = fs_err::read_dir(&archives)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
        anyhow::ensure!(
            files.len() == packages.len(),
            "{} packages requested, {} fetched: {files:?}",
            packages.len(),
            files.len()
        );
        Ok(files)
    }

    fn run(&self, command: &str, packages: &[&str]) -> anyhow::Result<()> {
        let mut arguments = self.options.clone();
        arguments.extend(["--quiet".into(), command.into()]);
        arguments.extend(packages.iter().map(OsString::from));
        let apt = cmd("apt-get", arguments).dir(self.directory.join("archives")).env("LC_ALL", "C");
        process::run_logged(&format!("apt-get {command}"), &apt, &self.directory.join(format!("{command}.log")))
    }
}

/// Unpacks the files of a package into a new directory.
///
/// # Errors
/// The archive is not a package, or the directory cannot be written.
pub fn extract(archive: &Path, directory: &Path) -> anyhow::Result<()> {
    process::output_of(&archive.display().to_string(), &cmd!("dpkg-deb", "--extract", archive, directory)).map(drop)
}
