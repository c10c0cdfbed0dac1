// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask test`: all checks and tests in one command. After a failed step the others still run.

use crate::language::{self, LanguageArgs};
use crate::{bless, toolchain};
use duct::cmd;
use kernel_lab::boot::{self, Boots};
use kernel_lab::packages::{self, Tier};
use kernel_lab::selection::Selection;
use kernel_lab::stages::Stages;
use kernel_lab::stock_vdso;
use kernel_lab::{process, progress};
use std::path::PathBuf;

/// Turns on the test targets that a bare `cargo test` leaves out, in every crate that has some.
const SLOW: &str = "--features=slow";

/// Options of `cargo xtask test`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TestArgs {
    /// Skip the boots of kernels
    #[arg(long)]
    pub native_only: bool,
    /// Build the kernel from a copy of this tree instead of the Debian package
    #[arg(long, value_name = "TREE")]
    pub kernel: Option<PathBuf>,
    /// Do not install missing packages
    #[arg(long)]
    pub no_install: bool,
}

/// The outcome of the steps.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    passed: usize,
    /// The names of the failed tests or steps.
    failures: Vec<String>,
    /// The skipped tests, each with the command that enables it.
    skipped: Vec<String>,
    /// How long the steps took.
    stages: Stages,
}

impl Summary {
    /// Runs a step that is one test, and adds its outcome.
    fn step(&mut self, name: &str, step: impl FnOnce() -> anyhow::Result<()>) {
        match self.stages.time(name, step) {
            Ok(()) => self.passed += 1,
            Err(error) => self.fail(name, format!("{error:#}")),
        }
    }

    fn fail(&mut self, name: &str, why: impl std::fmt::Display) {
        progress::complain(format_args!("{name}: {why}"));
        self.failures.push(name.to_owned());
    }

    /// Whether everything passed. Under `CI=true` a skipped test is a failure, because a skip there would go unnoticed.
    pub fn is_success(&self, ci: bool) -> bool {
        self.failures.is_empty() && self.passed > 0 && (self.skipped.is_empty() || !ci)
    }

    fn print(&self) {
        for skipped in &self.skipped {
            progress::print(format_args!("not run: {skipped}"));
        }
        for failure in &self.failures {
            progress::print(format_args!("failed: {failure}"));
        }
        self.stages.shown().lines().for_each(progress::print);
        let skipped = if self.skipped.is_empty() { String::new() } else { format!(", {} skipped", self.skipped.len()) };
        progress::print(format_args!("test: {} passed, {} failed{skipped}", self.passed, self.failures.len()));
    }
}

/// Runs all steps; `build_vdso` makes the object and the images that the tests load, and returns the object's place.
///
/// # Errors
/// A step could not even be tried.
pub fn run(options: &TestArgs, build_vdso: impl FnOnce() -> anyhow::Result<PathBuf>) -> anyhow::Result<Summary> {
    let selection = Selection { kernel: options.kernel.clone(), ..Selection::default() };
    selection.series()?;
    let boot = boot::Options { selection, no_install: options.no_install, ..boot::Options::default() };
    // Before the native tests, so that the user learns at once which package is missing.
    let boot_needs = if options.native_only { Ok(()) } else { boot::require(&boot) };
    if let Err(error) = &boot_needs {
        progress::line("Skipping", format_args!("kernel tests: {error:#}"));
    }
    let mut summary = Summary::default();
    let install = !options.no_install;
    if let Err(error) = packages::require(&[Tier::Native], install) {
        summary.skipped.push(format!("native tests that need other programs: {error:#}"));
    }
    summary.step("fmt", || cargo(&["fmt", "--all", "--check"]));
    summary
        .step("clippy", || cargo(&["clippy", "--workspace", "--all-targets", SLOW, "--quiet", "--", "-D", "warnings"]));
    summary.step("bless --check", generated_files);
    match summary.stages.time("language", || language::run(&LanguageArgs::default())) {
        Ok(true) => summary.passed += 1,
        Ok(false) => summary.fail("language", "see the places above"),
        Err(error) => summary.skipped.push(format!("language: {error:#}")),
    }
    progress::line("Testing", "build-vdso");
    match summary.stages.time("build-vdso", build_vdso) {
        Ok(object) => {
            summary.passed += 1;
            stock_images(&mut summary, options)?;
            // The kernels are built while the native tests run.
            let boots = match boot_needs {
                _ if options.native_only => Err("kernel tests: cargo xtask boot".into()),
                Err(error) => Err(format!("kernel tests: {error:#}")),
                Ok(()) => Ok(Boots::prepare(&boot, &object)?),
            };
            native_tier(&mut summary)?;
            match boots {
                Err(reason) => summary.skipped.push(reason),
                Ok(boots) => kernel_tier(&mut summary, boots),
            }
        }
        Err(error) => {
            summary.fail("build-vdso", format!("{error:#}"));
            summary.skipped.push("native and kernel tests: they load what `cargo xtask build-vdso` makes".into());
        }
    }
    summary.print();
    Ok(summary)
}

fn generated_files() -> anyhow::Result<()> {
    anyhow::ensure!(bless::run(true)?, "a generated file is out of date; run `cargo xtask bless`");
    Ok(())
}

fn cargo(arguments: &[&str]) -> anyhow::Result<()> {
    progress::line("Testing", format_args!("cargo {}", arguments.join(" ")));
    let output = cmd(toolchain::cargo()?, arguments).unchecked().run()?;
    anyhow::ensure!(output.status.success(), "{}", output.status);
    Ok(())
}

/// The images of the kernel series, which the native tier splices into: before it, and before their trees are patched.
fn stock_images(summary: &mut Summary, options: &TestArgs) -> anyhow::Result<()> {
    let selection = Selection { kernel: options.kernel.clone(), ..Selection::default() };
    if options.native_only {
        // Those that are there are spliced into.
        for series in selection.series()?.into_iter().filter(|series| !stock_vdso::is_there(series)) {
            let name = series.name;
            summary.skipped.push(format!("splice into the vDSO of {name}: cargo xtask stock-vdso --series {name}"));
        }
        return Ok(());
    }
    if let Err(error) = packages::require(&selection.tiers()?, !options.no_install) {
        summary.skipped.push(format!("splices into the vDSOs of kernel series: {error:#}"));
        return Ok(());
    }
    for series in selection.series()? {
        progress::line("Testing", format_args!("stock-vdso --series {}", series.name));
        let build = || stock_vdso::build(series, options.kernel.as_deref()).map(drop);
        summary.step(&format!("stock-vdso --series {}", series.name), build);
    }
    Ok(())
}

/// The tests of all crates, counted from what their harness prints.
fn native_tier(summary: &mut Summary) -> anyhow::Result<()> {
    let arguments = ["test", "--workspace", "--no-fail-fast", SLOW];
    progress::line("Testing", format_args!("cargo {}", arguments.join(" ")));
    let mut counts = HarnessCounts::default();
    let command = cmd(toolchain::cargo()?, arguments);
    let status = summary.stages.time("cargo test", || {
        process::run_line_by_line(&command, |line| {
            progress::print(line);
            counts.read(line);
        })
    })?;
    summary.passed += counts.passed;
    // A crash, or a test that does not compile, has no line of the harness.
    if !status.success() && counts.failed.is_empty() {
        summary.fail("cargo test", status);
    }
    summary.failures.extend(counts.failed);
    if counts.ignored > 0 {
        summary.skipped.push(format!("{} ignored tests: cargo test --workspace -- --ignored", counts.ignored));
    }
    Ok(())
}

fn kernel_tier(summary: &mut Summary, boots: Boots) {
    match boots.run() {
        Ok(counts) => {
            summary.passed += counts.passed;
            summary.failures.extend(counts.failures);
            summary.skipped.extend(counts.skipped);
            summary.stages.add(counts.stages);
        }
        Err(error) => summary.fail("boot", format!("{error:#}")),
    }
}

/// The sums over the summary lines that the Rust test harness prints for each test binary.
#[derive(Debug, Default, PartialEq, Eq)]
struct HarnessCounts {
    passed: usize,
    ignored: usize,
    /// Names of the failed ones.
    failed: Vec<String>,
}

impl HarnessCounts {
    fn read(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            // Harnesses that pad names to one width add spaces.
            self.failed.push(name.trim_end().to_owned());
        }
        let Some(counts) = line.strip_prefix("test result: ") else { return };
        for count in counts.split(['.', ';']) {
            match count.trim().split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "ignored")) => self.ignored += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts_of(output: &str) -> HarnessCounts {
        let mut counts = HarnessCounts::default();
        output.lines().for_each(|line| counts.read(line));
        counts
    }

    #[test]
    fn the_harness_is_understood() {
        let output = "running 3 tests\ntest a::good ... ok\ntest a::bad   ... FAILED\ntest a::late ... ignored\n\
                      test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
                      test result: ok. 40 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.00s\n";
        assert_eq!(counts_of(output), HarnessCounts { passed: 41, ignored: 3, failed: vec!["a::bad".into()] });
        assert_eq!(counts_of("test result\n41 passed\n"), HarnessCounts::default());
    }

    #[test]
    fn what_was_not_run_is_a_failure_only_where_nobody_reads() {
        let of = |passed, failures: &[&str], skipped: &[&str]| Summary {
            passed,
            failures: failures.iter().map(|&name| name.to_owned()).collect(),
            skipped: skipped.iter().map(|&name| name.to_owned()).collect(),
            stages: Stages::default(),
        };
        assert!(of(5, &[], &[]).is_success(true));
        assert!(of(5, &[], &["kernel tests"]).is_success(false) && !of(5, &[], &["kernel tests"]).is_success(true));
        assert!(!of(5, &["fmt"], &[]).is_success(false));
        assert!(!of(0, &[], &[]).is_success(false), "nothing was tested");
    }
}
