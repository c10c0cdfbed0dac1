// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask fresh`: the README's commands on a machine where nothing was installed by hand.
//!
//! A developer's machine has packages that the project's own list of needs may lack, so a test run there
//! proves nothing about a new one. Here a bare Debian root directory takes the place of the new machine.

mod base;
mod enter;
mod machine;
mod needs;
mod root;

use anyhow::ensure;
use duct::cmd;
use enter::Toolchain;
use kernel_lab::packages::{self, Tier};
use kernel_lab::{process, progress, workspace};
use machine::Machine;
use root::Root;
use std::path::Path;
use std::time::{Duration, Instant};

/// The commands of the README, in its order.
const README_COMMANDS: [&[&str]; 2] = [&["cargo", "xtask", "build-vdso"], &["cargo", "xtask", "test"]];

/// Where the checkout lies in the root.
const CHECKOUT: &str = "root/vdso-getrandom";

/// Options of `cargo xtask fresh`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct FreshArgs {
    /// Remove PACKAGE from the list of needs: the run passes if COMMAND fails and names it
    #[arg(long, value_name = "PACKAGE", requires = "command")]
    pub without: Option<String>,
    /// Keep the root directory after the run
    #[arg(long)]
    pub keep: bool,
    /// Do not install the tools that make the root
    #[arg(long)]
    pub no_install: bool,
    /// Command to run in place of the README's
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// A command that was run in the root.
struct Ran {
    command: String,
    passed: bool,
    elapsed: Duration,
}

/// Makes a bare root, clones the checkout into it, and runs the commands there. Returns whether they ended as expected.
///
/// # Errors
/// The root cannot be made: the user is not root, no mirror is configured, a tool is missing, or the mirror fails.
pub fn run(options: &FreshArgs) -> anyhow::Result<bool> {
    ensure!(
        rustix::process::geteuid().is_root(),
        "fresh: mounts file systems and changes its root directory, which only root may do; run it as root"
    );
    let machine = Machine::of_this_one()?;
    let toolchain = Toolchain::find()?;
    packages::require(&[Tier::Fresh], !options.no_install)?;

    let mut root = Root::unpack(&base::archive(&machine)?)?;
    machine.configure(root.path())?;
    clone_checkout(&root.path().join(CHECKOUT))?;
    let enter = enter::command(root.path(), CHECKOUT, &toolchain, machine.environment(), &["true"]);
    process::output_of("fresh: entering the root, which takes the right to mount,", &enter)?;
    if options.keep {
        progress::line("Keeping", workspace::shown(root.path()));
        root.keep();
    }
    match &options.without {
        None => all_pass(&root, &toolchain, &machine, &options.command),
        Some(package) => fails_without(package, &root, &toolchain, &machine, &options.command),
    }
}

/// Clones the last commit, as a user would get it.
fn clone_checkout(into: &Path) -> anyhow::Result<()> {
    let here = workspace::root();
    // The checkout may belong to another user than root.
    let trust = format!("safe.directory={}", here.display());
    let status = cmd!("git", "-c", &trust, "status", "--porcelain").dir(here);
    let changes = process::output_of("git status", &status)?.lines().count();
    if changes > 0 {
        progress::line("Warning", format_args!("{changes} uncommitted changes are not part of the clone"));
    }
    // Git does not pass `-c` on to the process that reads the repository, which sees it under another path.
    let upload = "git -c safe.directory=* upload-pack";
    let clone =
        cmd!("git", "-c", &trust, "clone", "--quiet", "--no-local", "--upload-pack", upload, ".", into).dir(here);
    process::output_of("git clone", &clone).map(drop)
}

/// Runs `command`, or the README's commands, and prints which packages they installed.
fn all_pass(root: &Root, toolchain: &Toolchain, machine: &Machine, command: &[String]) -> anyhow::Result<bool> {
    let before = root.packages()?;
    let given: Vec<&str> = command.iter().map(String::as_str).collect();
    let commands: Vec<&[&str]> = if given.is_empty() { README_COMMANDS.to_vec() } else { vec![&given] };
    let mut ran = Vec::new();
    for command in commands {
        let one = run_one(root, toolchain, machine, command, |_| ())?;
        let passed = one.passed;
        ran.push(one);
        if !passed {
            break;
        }
    }
    let installed: Vec<String> = root.packages()?.difference(&before).cloned().collect();
    progress::print(format_args!("fresh: {} packages installed: {}", installed.len(), installed.join(" ")));
    for Ran { command, passed, elapsed } in &ran {
        let outcome = if *passed { "passed" } else { "failed" };
        progress::print(format_args!("fresh: {command}: {outcome}, {} s", elapsed.as_secs()));
    }
    let passed = ran.iter().filter(|ran| ran.passed).count();
    progress::print(format_args!("fresh: {passed} passed, {} failed", ran.len() - passed));
    Ok(passed == ran.len())
}

/// Removes a need in the clone, and expects that the command fails and names it.
fn fails_without(
    package: &str,
    root: &Root,
    toolchain: &Toolchain,
    machine: &Machine,
    command: &[String],
) -> anyhow::Result<bool> {
    needs::remove(&root.path().join(CHECKOUT), package)?;
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let mut naming = None;
    let ran = run_one(root, toolchain, machine, &command, |line| {
        if naming.is_none() && line.contains(package) {
            naming = Some(line.trim().to_owned());
        }
    })?;
    let (bites, outcome) = match (ran.passed, naming) {
        (false, Some(line)) => (true, format!("failed, as it must, and named it: {line}")),
        (false, None) => (false, "failed without naming it".into()),
        (true, _) => (false, "passed all the same".into()),
    };
    progress::print(format_args!("fresh: {} without {package}: {outcome}", ran.command));
    Ok(bites)
}

/// Runs one command and passes on each line that it prints.
fn run_one(
    root: &Root,
    toolchain: &Toolchain,
    machine: &Machine,
    command: &[&str],
    mut each: impl FnMut(&str),
) -> anyhow::Result<Ran> {
    let name = command.join(" ");
    progress::line("Running", format_args!("{name} in {}", workspace::shown(root.path())));
    let begin = Instant::now();
    let inside = enter::command(root.path(), CHECKOUT, toolchain, machine.environment(), command);
    let status = process::run_line_by_line(&inside.stderr_to_stdout(), |line| {
        progress::print(line);
        each(line);
    })?;
    Ok(Ran { command: name, passed: status.success(), elapsed: begin.elapsed() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_those_of_the_readme() {
        let readme = fs_err::read_to_string(workspace::root().join("README.md")).unwrap();
        for command in README_COMMANDS {
            let line = format!("$ {}", command.join(" "));
            assert!(readme.lines().any(|it| it == line), "{line}");
        }
    }
}
