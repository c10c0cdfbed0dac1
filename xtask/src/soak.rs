// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask soak`: many threads draw for long, and no word may come twice.

use crate::{Verdict, progress, toolchain};
use anyhow::bail;
use duct::cmd;

/// Options of `cargo xtask soak`.
#[derive(Clone, Debug, clap::Args)]
pub struct SoakArgs {
    /// Words of 64 bits to draw and compare; each needs eight bytes of memory
    #[arg(long, default_value_t = 100_000_000)]
    words: u64,
    /// Threads, each with a state of its own
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    threads: u32,
    /// Stop after so many seconds, with fewer words
    #[arg(long)]
    seconds: Option<u64>,
}

/// Builds and runs the program of `tests/soak` on the images in target/vdso.
///
/// # Errors
/// It could not be built or started, or gave up.
pub fn run(options: &SoakArgs) -> anyhow::Result<Verdict> {
    let SoakArgs { words, threads, seconds } = options;
    progress::line("Soaking", format_args!("{threads} threads, {words} words in {} MB", words.div_ceil(125_000)));
    let numbers = [Some(u64::from(*threads)), Some(*words), *seconds];
    let arguments = ["run", "--quiet", "--package", "vdso-tests", "--bin", "soak", "--"].map(str::to_owned);
    let arguments = arguments.into_iter().chain(numbers.into_iter().flatten().map(|number| number.to_string()));
    let output = cmd(toolchain::cargo()?, arguments).unchecked().run()?;
    match output.status.code() {
        Some(0) => Ok(Verdict::Passed),
        Some(1) => Ok(Verdict::Failed),
        _ => bail!("soak: {}", output.status),
    }
}
