// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask doctor`: lists required tools. Each tool is tried; for a missing one, the list names the commands that need it
//! and how to install it.

use crate::toolchain;
use kernel_lab::debian::{self, Mirror, Suite};
use kernel_lab::{packages, workspace};
use serde::Serialize;
use std::fmt::Write as _;
use vdso_link::link::standalone::Linker;
use vdso_native::RunningImage;

/// Options of `cargo xtask doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Print JSON to standard output
    #[arg(long)]
    pub json: bool,
}

/// How to install missing parts of the Rust toolchain.
const GET_RUST: &str = "rustup toolchain install stable";

/// The required tools, installed and missing.
#[derive(Debug, Serialize)]
pub struct Diagnosis {
    items: Vec<Item>,
}

/// One required tool or file.
#[derive(Debug, Serialize)]
struct Item {
    /// Its description.
    name: String,
    /// The commands that need it.
    enables: String,
    /// Whether it was found.
    #[serde(flatten)]
    state: State,
}

/// The outcome of the search for a tool.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Its path, or its version as it prints it.
    Found(String),
    /// It is missing.
    Missing {
        /// The error of the search.
        reason: String,
        /// The command or step that installs it.
        get: String,
    },
}

/// Searches for all tools, in the order in which the commands need them.
pub fn examine() -> Diagnosis {
    let mut items = rust();
    items.extend(packages::look().map(package));
    items.extend(Suite::ALL.map(packages_of));
    items.push(running_image());
    Diagnosis { items }
}

impl Item {
    /// Makes an item from a search that returned the path or an error.
    fn of(name: &str, enables: &str, look: anyhow::Result<String>, get: &str) -> Self {
        let missing = |error: anyhow::Error| State::Missing { reason: format!("{error:#}"), get: get.into() };
        Self { name: name.into(), enables: enables.into(), state: look.map_or_else(missing, State::Found) }
    }
}

/// The toolchain that compiled this program, and its parts.
fn rust() -> Vec<Item> {
    const ENABLES: &str = "build-vdso";
    let rust_lld = || {
        let path = toolchain::linker(Linker::Lld)?;
        anyhow::Ok(format!("{} ({})", path.display(), toolchain::linker_version(Linker::Lld)?))
    };
    vec![
        Item::of("cargo", ENABLES, toolchain::cargo_version(), GET_RUST),
        Item::of("rustc", ENABLES, toolchain::rustc_works(), GET_RUST),
        Item::of("rust-lld", ENABLES, rust_lld(), GET_RUST),
        Item::of("rust-objcopy", ENABLES, toolchain::objcopy_version(), GET_RUST),
    ]
}

/// A program or file of a Debian package.
fn package(look: packages::Look) -> Item {
    let enables: Vec<_> = look.tiers.iter().map(|tier| tier.enables()).collect();
    let get = packages::install_command(&[look.package]);
    Item::of(look.name, &enables.join(", "), look.outcome, &get)
}

/// The mirror for packages of one release, and the unpacked ones.
fn packages_of(suite: Suite) -> Item {
    let look = Mirror::of_this_machine().map(|mirror| {
        let unpacked = debian::unpacked_packages(suite);
        let place = workspace::shown(&suite.directory());
        format!("the mirror of {}; {} unpacked in {place}", mirror.named_in.display(), unpacked.len())
    });
    let get = "name a mirror of Debian in /etc/apt/sources.list.d/debian.sources";
    Item::of(&format!("packages of {}", suite.name()), "clients and kernels of other releases", look, get)
}

/// The vDSO that the running kernel has mapped into this process.
fn running_image() -> Item {
    let look = RunningImage::find().map(|running| described(&running)).map_err(anyhow::Error::from);
    let get =
        "run on a kernel series that crates/vdso-link/src/layout.rs knows, or name an image with build-vdso --image";
    Item::of("running kernel's vDSO", "the splice into it, and native calls", look, get)
}

/// Describes an image and its kernel.
fn described(running: &RunningImage) -> String {
    let release = fs_err::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let size = running.image.data().len();
    format!("Linux {}, {size} bytes, data pages of {}", release.trim(), running.layout.name)
}

impl Diagnosis {
    /// Whether nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.items.iter().all(|item| matches!(item.state, State::Found(_)))
    }

    /// Formats the list: one line for an installed tool, three for a missing one; or JSON.
    ///
    /// # Errors
    /// None: strings always serialize.
    pub fn shown(&self, json: bool) -> anyhow::Result<String> {
        if json {
            return Ok(serde_json::to_string_pretty(self)? + "\n");
        }
        let width = self.items.iter().map(|item| item.name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for Item { name, enables, state } in &self.items {
            match state {
                State::Found(what) => writeln!(text, "found    {name:width$}  {what}")?,
                State::Missing { reason, get } => {
                    writeln!(text, "missing  {name:width$}  {reason}")?;
                    writeln!(text, "         {:width$}  would enable: {enables}", "")?;
                    writeln!(text, "         {:width$}  to get it: {get}", "")?;
                }
            }
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_use_and_the_way_to_get_it() {
        let item = |look| Item::of("flex", "building kernels", look, "apt-get install flex");
        let whole = Diagnosis { items: vec![item(Ok("/usr/bin/flex".into()))] };
        assert!(whole.is_complete());
        assert_eq!(whole.shown(false).unwrap(), "found    flex  /usr/bin/flex\n");
        let partial = Diagnosis { items: vec![item(Err(anyhow::anyhow!("not found")))] };
        assert!(!partial.is_complete());
        assert_eq!(
            partial.shown(false).unwrap(),
            "missing  flex  not found\n               would enable: building kernels\n               to get it: apt-get install flex\n"
        );
        let json = partial.shown(true).unwrap();
        assert!(json.contains("\"missing\": {") && json.contains("\"get\": \"apt-get install flex\""), "{json}");
    }

    #[test]
    fn every_need_of_every_tier_is_looked_for() {
        let diagnosis = examine();
        for look in packages::look() {
            assert!(diagnosis.items.iter().any(|item| item.name == look.name), "{}", look.name);
        }
        let rustc = &diagnosis.items[1];
        assert!(matches!(&rustc.state, State::Found(version) if version.starts_with("rustc ")), "{rustc:?}");
    }
}
