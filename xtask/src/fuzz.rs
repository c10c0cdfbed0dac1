// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask fuzz`: runs the fuzz targets, a separate workspace that is compiled with the fuzzer's instrumentation.

use crate::{Verdict, toolchain};
use duct::cmd;
use kernel_lab::{progress, workspace};
use std::ffi::OsString;
use std::path::Path;
use vdso_fuzz::Target;

/// Options of `cargo xtask fuzz`.
#[derive(Clone, Debug, clap::Args)]
pub struct FuzzArgs {
    /// Target to run [default: all, one after another]
    #[arg(value_parser = Target::ALL.map(Target::name))]
    target: Option<String>,
    /// Number of inputs for each target
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Reduce fuzz/corpus to the smallest set of inputs with the same coverage
    #[arg(long)]
    keep: bool,
}

/// Limits of one input: seconds, and mebibytes including the fuzzer's. The targets bound the allocations for one file.
const LIMITS: [&str; 2] = ["-timeout=10", "-rss_limit_mb=1024"];

/// Weigh inputs by their run time: a file of this machine takes ten to twenty times as long as a common one.
const SCHEDULE: &str = "-entropic_scale_per_exec_time=1";

/// The largest input, in bytes: a good file and 24 edits.
const LENGTH: [&str; 2] = ["-max_len=300", "-len_control=0"];

/// Runs the targets; a finding ends a target, and its input is in `target/fuzz`.
///
/// # Errors
/// They could not be compiled or started.
pub fn run(options: &FuzzArgs) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::Passed;
    let is_wanted = |target: &&str| options.target.as_deref().is_none_or(|wanted| wanted == *target);
    for target in Target::ALL.map(Target::name).into_iter().filter(is_wanted) {
        progress::line("Fuzzing", format_args!("{target}, {} inputs", options.runs));
        if !fuzz(target, options)? {
            verdict = Verdict::Failed;
        }
    }
    Ok(verdict)
}

/// Whether a target ran to the end.
fn fuzz(target: &str, options: &FuzzArgs) -> anyhow::Result<bool> {
    let directory = workspace::target().join("fuzz").join(target);
    fs_err::create_dir_all(&directory)?;
    corpus("unpack", target, &[&directory])?;
    let findings = format!("-artifact_prefix={}/finding-", workspace::target().join("fuzz").display());
    let runs = format!("-runs={}", options.runs);
    let arguments = ["-print_final_stats=1", SCHEDULE, &findings, &runs].into_iter().chain(LIMITS).chain(LENGTH);
    let passed = program(target, arguments, &[&directory])?;
    if passed && options.keep {
        keep(target, &directory)?;
    }
    Ok(passed)
}

/// Keeps the smallest set of the inputs in a directory with the same coverage.
fn keep(target: &str, directory: &Path) -> anyhow::Result<()> {
    let scratch = tempfile::tempdir_in(workspace::target())?;
    let [short, smallest] = ["short", "smallest"].map(|name| scratch.path().join(name));
    fs_err::create_dir(&short)?;
    fs_err::create_dir(&smallest)?;
    corpus("select", target, &[directory, &short])?;
    // Edges alone: how often each is passed would keep three times as many.
    let arguments = ["-set_cover_merge=1", "-use_counters=0"].into_iter().chain(LENGTH);
    let merged = program(target, arguments, &[&smallest, &short])?;
    anyhow::ensure!(merged, "the inputs could not be merged");
    corpus("keep", target, &[&smallest])
}

/// Runs the program of a target; returns whether it succeeded.
fn program<'a>(target: &'a str, options: impl Iterator<Item = &'a str>, directories: &[&Path]) -> anyhow::Result<bool> {
    let arguments = ["run", "--release", "--quiet", "--bin", target, "--"].into_iter().chain(options);
    // The configuration in its directory sets the flags of the instrumentation.
    let run = cmd(toolchain::cargo()?, with(arguments, directories)).dir(workspace::root().join("fuzz"));
    Ok(run.unchecked().run()?.status.success())
}

/// Moves inputs of a target between the corpus and directories.
fn corpus(verb: &str, target: &str, directories: &[&Path]) -> anyhow::Result<()> {
    let arguments = ["run", "--quiet", "--package", "vdso-fuzz", "--bin", "corpus", "--", verb, target];
    cmd(toolchain::cargo()?, with(arguments.into_iter(), directories)).run()?;
    Ok(())
}

/// Arguments, followed by directories.
fn with<'a>(arguments: impl Iterator<Item = &'a str>, directories: &[&Path]) -> Vec<OsString> {
    arguments.map(OsString::from).chain(directories.iter().map(OsString::from)).collect()
}
