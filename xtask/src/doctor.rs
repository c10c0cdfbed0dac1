// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask doctor`: which needs of the commands this machine meets, found out by using each of them, and for the rest
//! what it would enable and how to get it.

use crate::toolchain;
use kernel_lab::debian::{self, Mirror, Suite};
use kernel_lab::{packages, workspace};
use serde::Serialize;
use std::fmt::Write as _;
use vdso_link::link::standalone::Linker;
use vdso_native::RunningImage;

/// How to get what the Rust toolchain should bring.
const GET_RUST: &str = "rustup toolchain install stable";

/// Everything that was looked for.
#[derive(Debug, Serialize)]
pub struct Diagnosis {
    items: Vec<Item>,
}

/// One thing that was looked for.
#[derive(Debug, Serialize)]
struct Item {
    /// What it is.
    name: String,
    /// What needs it.
    enables: String,
    /// What was found.
    #[serde(flatten)]
    state: State,
}

/// What became of the look.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Where it is, or what it says of itself.
    Found(String),
    /// It is not there.
    Missing {
        /// What was in the way.
        reason: String,
        /// The command, or the step, that brings it.
        get: String,
    },
}

/// Looks for everything, in the order in which the commands need it.
pub fn examine() -> Diagnosis {
    let mut items = rust();
    items.extend(packages::look().map(package));
    items.extend(Suite::ALL.map(packages_of));
    items.push(running_image());
    Diagnosis { items }
}

impl Item {
    /// An item from a look that tells where the thing is, or why it is not there.
    fn of(name: &str, enables: &str, look: anyhow::Result<String>, get: &str) -> Self {
        let missing = |error: anyhow::Error| State::Missing { reason: format!("{error:#}"), get: get.into() };
        Self { name: name.into(), enables: enables.into(), state: look.map_or_else(missing, State::Found) }
    }
}

/// The compiler that runs this program, and what lies beside it.
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

/// A program or file that a Debian package brings.
fn package(look: packages::Look) -> Item {
    let enables: Vec<_> = look.tiers.iter().map(|tier| tier.enables()).collect();
    let get = packages::install_command(&[look.package]);
    Item::of(look.name, &enables.join(", "), look.outcome, &get)
}

/// The mirror for packages of one release, and what was unpacked of them.
fn packages_of(suite: Suite) -> Item {
    let look = Mirror::of_this_machine().map(|mirror| {
        let unpacked = debian::unpacked_packages(suite);
        let place = workspace::shown(&suite.folder());
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

/// What an image tells of its kernel.
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

    /// One line a thing that is there and three for one that is missing, or JSON.
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
        let partial = Diagnosis { items: vec![item(Err(anyhow::anyhow!("not there")))] };
        assert!(!partial.is_complete());
        assert_eq!(
            partial.shown(false).unwrap(),
            "missing  flex  not there\n               would enable: building kernels\n               to get it: apt-get install flex\n"
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
