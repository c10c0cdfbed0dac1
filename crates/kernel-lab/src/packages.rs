// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Programs and files that the commands need from the machine, and their Debian packages.

mod probe;

use crate::tree::{SERIES, Series, SourcePackage};
use crate::{progress, workspace};
use anyhow::{Context, bail};
use duct::cmd;
use probe::{LIBC, LIBELF, M32, MX32, Probe};
use std::path::Path;

/// Groups of needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// The tests that run on this machine's own kernel.
    Native,
    /// Compiling the guest's programs and booting them.
    Guest,
    /// Building a kernel.
    KernelBuild,
    /// The source of a kernel series, which is built where no tree is given.
    KernelSource(&'static Series),
    /// A bare root directory in the place of a fresh machine.
    Fresh,
}

impl Tier {
    /// The tests or commands that it enables.
    pub fn enables(self) -> String {
        match self {
            Self::Native => "tests on this machine's kernel".into(),
            Self::Guest => "booting kernels".into(),
            Self::KernelBuild => "building kernels".into(),
            Self::KernelSource(series) => format!("kernels of the series {}", series.name),
            Self::Fresh => "cargo xtask fresh".into(),
        }
    }
}

/// One need: the groups that have it, what shows that it is met, and the Debian package that meets it.
#[derive(Debug)]
struct Need(Vec<Tier>, Probe, &'static str);

fn needs() -> Vec<Need> {
    use Probe::{Archive, Program, Trial};
    use Tier::{Fresh, Guest, KernelBuild, KernelSource, Native};
    let sources = || SERIES.iter().map(KernelSource);
    let mut needs = vec![
        Need(vec![Native, Guest, KernelBuild], Program("gcc"), "gcc"),
        Need(vec![Native, Guest, KernelBuild], Trial(&LIBC), "libc6-dev"),
        Need(vec![Guest], Trial(&M32), "gcc"),
        Need(vec![Guest], Trial(&MX32), "gcc"),
        Need(vec![Native, KernelBuild], Program("ld.bfd"), "binutils"),
        // Memcheck follows the secrets of a call.
        Need(vec![Native], Program("valgrind"), "valgrind"),
        Need(vec![Guest], Program("qemu-system-x86_64"), "qemu-system-x86"),
        // The tests of the kernel build run make themselves.
        Need(vec![Native, KernelBuild], Program("make"), "make"),
        Need(vec![KernelBuild], Program("flex"), "flex"),
        Need(vec![KernelBuild], Program("bison"), "bison"),
        // The kernel's timeconst.h is computed by it.
        Need(vec![KernelBuild], Program("bc"), "bc"),
        // objtool reads and writes the kernel's objects with it.
        Need(vec![KernelBuild], Trial(&LIBELF), "libelf-dev"),
        Need(sources().chain([Fresh]).collect(), Program("tar"), "tar"),
        // The tests of kernel sources pack a small one.
        Need(sources().chain([Native]).collect(), Program("xz"), "xz-utils"),
        Need(vec![Fresh], Program("mmdebstrap"), "mmdebstrap"),
        // Patches are applied by it.
        Need(vec![Fresh, Native, KernelBuild], Program("git"), "git"),
    ];
    for series in &SERIES {
        match series.source {
            SourcePackage::Installed { package, archive } => {
                needs.push(Need(vec![KernelSource(series)], Archive(archive), package));
            }
            // Fetched when it is used, and not installed.
            SourcePackage::Newer { .. } => {}
        }
    }
    needs
}

/// The outcome of the search for one tool or file.
#[derive(Debug)]
pub struct Look {
    /// The program, the file, or the compiled test.
    pub name: &'static str,
    /// Its path and version, or why it cannot be used.
    pub outcome: anyhow::Result<String>,
    /// The tiers that need it.
    pub tiers: Vec<Tier>,
    /// Its Debian package.
    pub package: &'static str,
}

/// Looks for everything.
pub fn look() -> impl Iterator<Item = Look> {
    needs().into_iter().map(|Need(tiers, probe, package)| Look {
        name: probe.name(),
        outcome: probe.look(),
        tiers,
        package,
    })
}

/// The packages that some of `tiers` lack, each once.
pub fn missing(tiers: &[Tier]) -> Vec<&'static str> {
    let lacking = |Need(of, probe, _): &Need| of.iter().any(|tier| tiers.contains(tier)) && probe.look().is_err();
    let mut packages = Vec::new();
    for Need(_, _, package) in needs().into_iter().filter(lacking) {
        if !packages.contains(&package) {
            packages.push(package);
        }
    }
    packages
}

/// The command by which a user gets these packages on Debian.
pub fn install_command(packages: &[&str]) -> String {
    format!("apt-get install --no-install-recommends {}", packages.join(" "))
}

/// Sees to it that everything of `tiers` is there: on Debian as root missing packages are installed, unless `install` is
/// false.
///
/// # Errors
/// Something is missing afterwards; the message names it and the command that would install it.
pub fn require(tiers: &[Tier], install: bool) -> anyhow::Result<()> {
    let packages = missing(tiers);
    if packages.is_empty() {
        return Ok(());
    }
    if install && is_debian() && rustix::process::geteuid().is_root() {
        progress::line("Installing", packages.join(" "));
        return install_on_debian(&packages, tiers);
    }
    bail!("missing: {}; on Debian, as root: {}", packages.join(", "), install_command(&packages))
}

fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists() && which::which("apt-get").is_ok()
}

fn install_on_debian(packages: &[&str], tiers: &[Tier]) -> anyhow::Result<()> {
    let log = workspace::target().join("packages.log");
    let apt = |arguments: &[&str]| {
        let command = cmd("apt-get", arguments).env("DEBIAN_FRONTEND", "noninteractive");
        crate::process::run_logged(&format!("apt-get {}", arguments[0]), &command, &log)
    };
    let mut arguments = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
    arguments.extend(packages);
    // Lists that are missing or old are the usual reason for a failure, and fetching them is not free.
    if apt(&arguments).is_err() {
        apt(&["update", "--quiet"])?;
        apt(&arguments).with_context(|| format!("not available here: {}", packages.join(", ")))?;
    }
    let still = missing(tiers);
    anyhow::ensure!(still.is_empty(), "installed, but not found afterwards: {}", still.join(", "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_serves_a_tier_and_is_named_once() {
        let needs = needs();
        for (index, Need(tiers, probe, package)) in needs.iter().enumerate() {
            assert!(!tiers.is_empty(), "{package}");
            assert!(needs[index + 1..].iter().all(|Need(_, other, _)| other.name() != probe.name()), "{package}");
        }
    }
}
