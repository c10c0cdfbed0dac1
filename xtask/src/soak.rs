// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask soak`: many threads draw for long, and no word may come twice.

use crate::{Verdict, toolchain};
use anyhow::{bail, ensure};
use duct::cmd;
use kernel_lab::progress;

/// Options of `cargo xtask soak`.
#[derive(Clone, Debug, clap::Args)]
pub struct SoakArgs {
    /// Number of 64-bit words to draw and compare; each needs 8 bytes of memory
    #[arg(long, default_value_t = 100_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    words: u64,
    /// Number of threads, each with a separate state
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    threads: u32,
    /// Stop after this many seconds, even with fewer words
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: Option<u64>,
}

/// The memory of a word, in bytes.
const WORD: u64 = 8;

/// The memory of a thread for words that wait, and its stack, in bytes: at most.
const THREAD: u64 = 4 << 20;

/// Checks before the build that the words fit into memory.
///
/// # Errors
/// They do not; the message names how many would.
pub fn require(options: &SoakArgs) -> anyhow::Result<()> {
    let meminfo = fs_err::read_to_string("/proc/meminfo")?;
    fits(options, available(&meminfo).unwrap_or(u64::MAX))
}

/// `MemAvailable`, in bytes.
fn available(meminfo: &str) -> Option<u64> {
    let field = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    field.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

fn fits(SoakArgs { words, threads, .. }: &SoakArgs, available: u64) -> anyhow::Result<()> {
    let most = available.saturating_sub(u64::from(*threads) * THREAD) / WORD;
    let [needed, there] = [words.saturating_mul(WORD), available].map(|bytes| bytes.div_ceil(1_000_000));
    ensure!(
        *words <= most,
        "--words {words}: {needed} MB needed in addition to {threads} threads, {there} MB available; name at most {most}"
    );
    Ok(())
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
        _ => bail!("the soak program ended with {}", output.status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soak_refuses_words_that_do_not_fit_and_names_how_many_would() {
        let fits = |words| fits(&SoakArgs { words, threads: 1, seconds: None }, THREAD + 800);
        fits(100).unwrap();
        for words in [101, 99_999_999_999_999, u64::MAX] {
            let error = fits(words).unwrap_err().to_string();
            assert!(error.contains(&format!("--words {words}: ")) && error.ends_with("name at most 100"), "{error}");
        }
    }

    #[test]
    fn available_memory_is_that_of_the_kernel() {
        assert_eq!(available("MemTotal:  9 kB\nMemAvailable:    7 kB\n"), Some(7168));
        assert_eq!(available("MemTotal:  9 kB\n"), None);
        assert!(available(&std::fs::read_to_string("/proc/meminfo").unwrap()).is_some_and(|bytes| bytes > 0));
    }
}
