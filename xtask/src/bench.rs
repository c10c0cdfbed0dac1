// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask bench`: starts the benchmark, a separate program, so that other commands do not compile the peers.
//!
//! The options are read here, so that help and mistakes need no build. The benchmark takes them in the same form.

use crate::{outputs, toolchain};
use duct::cmd;
use kernel_lab::progress;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The package of the benchmark.
const PACKAGE: &str = "vdso-bench";

/// Options of `bench`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct BenchArgs {
    /// Take fewer measurements: under a minute
    #[arg(long)]
    quick: bool,
    /// Number of rounds; each measures everything once [default: 21, or 9 with --quick]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(9..=1000))]
    rounds: Option<u16>,
    /// Also measure switches, signals, first calls, reseeding, tails and threads
    #[arg(long)]
    cost: bool,
    /// Write all measurements to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw throughput and latency to this directory
    #[arg(long, value_name = "DIR")]
    curves: Option<PathBuf>,
}

impl BenchArgs {
    /// The options as the benchmark takes them.
    fn arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        let flags = [("--quick", self.quick), ("--cost", self.cost)];
        arguments.extend(flags.into_iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| flag.into()));
        let rounds = self.rounds.map(|rounds| rounds.to_string().into());
        let paths = [("--json", &self.json), ("--curves", &self.curves)];
        let paths = paths.into_iter().map(|(name, path)| (name, path.clone().map(OsString::from)));
        for (name, value) in paths.chain([("--rounds", rounds)]) {
            arguments.extend(value.into_iter().flat_map(|value| [name.into(), value]));
        }
        arguments
    }
}

/// Checks before the build that the results can be written.
///
/// # Errors
/// A file or directory cannot be written to.
pub fn require(options: &BenchArgs) -> anyhow::Result<()> {
    options.json.as_deref().map_or(Ok(()), outputs::file)?;
    options.curves.as_deref().map_or(Ok(()), outputs::directory)
}

/// Compiles the benchmark and runs it on the images in `products`.
///
/// # Errors
/// It could not be compiled, or not measure.
pub fn run(options: &BenchArgs, products: &Path) -> anyhow::Result<()> {
    progress::line("Measuring", PACKAGE);
    let cargo = ["run", "--release", "--quiet", "--package", PACKAGE, "--", "--vdso"].map(OsString::from);
    let arguments = cargo.into_iter().chain([products.into()]).chain(options.arguments());
    let status = cmd(toolchain::cargo()?, arguments).unchecked().run()?.status;
    anyhow::ensure!(status.success(), "the benchmark ended with {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_passed_on() {
        assert!(BenchArgs::default().arguments().is_empty());
        let (json, curves) = (Some("a b".into()), Some("c".into()));
        let all = BenchArgs { quick: true, rounds: Some(9), cost: true, json, curves };
        let passed = ["--quick", "--cost", "--json", "a b", "--curves", "c", "--rounds", "9"];
        assert_eq!(all.arguments(), passed);
    }
}
