// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask bench`: starts the benchmark, a program of its own whose peers nobody else should have to compile.

use crate::{progress, toolchain};
use duct::cmd;
use std::ffi::OsString;
use std::path::Path;

/// The package of the benchmark.
const PACKAGE: &str = "vdso-bench";

/// Options of `bench`.
#[derive(Clone, Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct BenchArgs {
    /// Options of the benchmark: --help lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<OsString>,
}

/// Compiles the benchmark and runs it on the images in `products`.
///
/// # Errors
/// It could not be compiled, or not measure.
pub fn run(options: &BenchArgs, products: &Path) -> anyhow::Result<()> {
    progress::line("Measuring", PACKAGE);
    let cargo = ["run", "--release", "--quiet", "--package", PACKAGE, "--", "--vdso"].map(OsString::from);
    let arguments = cargo.into_iter().chain([products.into()]).chain(options.options.iter().cloned());
    let status = cmd(toolchain::cargo()?, arguments).unchecked().run()?.status;
    anyhow::ensure!(status.success(), "the benchmark ended with {status}");
    Ok(())
}
