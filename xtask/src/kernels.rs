// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The options of the commands for kernels, which kernel-lab carries out: `boot`, `stock-vdso`, and `build-vdso --kernel`.

use clap::Args;
use clap::builder::PossibleValuesParser;
use kernel_lab::selection::Selection;
use kernel_lab::tree::SERIES;
use kernel_lab::{boot, prepare};
use std::path::PathBuf;

/// Options of `cargo xtask boot`.
#[derive(Debug, Args)]
pub struct BootArgs {
    /// Boot only kernels of this series; repeatable
    #[arg(long, value_name = "SERIES", value_parser = SERIES.map(|series| series.name))]
    series: Vec<String>,
    /// Build the kernel from a copy of this tree instead of the Debian package
    #[arg(long, value_name = "TREE", conflicts_with = "series")]
    kernel: Option<PathBuf>,
    /// Boot this image (bzImage) instead of building one
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kernel", "series"])]
    image: Option<PathBuf>,
    /// Run only this boot of each kernel; repeatable
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(boot::variant_names()))]
    variant: Vec<String>,
    /// Run only this client program; repeatable
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(boot::client_names()))]
    client: Vec<String>,
    /// Run only this guest test, by name or unique part [default variant: max]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["client", "shell"])]
    test: Option<String>,
    /// Run a shell on this terminal in a guest with the client programs
    #[arg(long, conflicts_with = "client")]
    shell: bool,
    /// Do not install missing packages
    #[arg(long)]
    no_install: bool,
}

impl From<BootArgs> for boot::Options {
    fn from(arguments: BootArgs) -> Self {
        let BootArgs { series, kernel, image, variant, client, test, shell, no_install } = arguments;
        Self { selection: Selection { series, kernel, image }, variant, client, test, shell, no_install }
    }
}

/// Options of `cargo xtask stock-vdso`.
#[derive(Debug, Args)]
pub struct StockArgs {
    /// Build only the image of this series; repeatable
    #[arg(long, value_name = "SERIES", value_parser = SERIES.map(|series| series.name))]
    series: Vec<String>,
    /// Do not install missing packages
    #[arg(long)]
    pub no_install: bool,
}

impl StockArgs {
    /// Returns the selected series.
    pub fn selection(self) -> Selection {
        Selection { series: self.series, ..Selection::default() }
    }
}

/// Options of `cargo xtask build-vdso` for a kernel tree.
#[derive(Debug, Args)]
pub struct KernelArgs {
    /// Add the object and the glue to this kernel tree
    #[arg(long, value_name = "TREE")]
    kernel: Option<PathBuf>,
    /// Build the tree: in place if it has a .config, else under target/kernel/
    #[arg(long, requires = "kernel")]
    build: bool,
    /// Remove the object and the glue from the tree again
    #[arg(long, requires = "kernel", conflicts_with = "build")]
    revert: bool,
}

impl KernelArgs {
    /// Returns the options of kernel-lab.
    pub fn options(&self) -> prepare::Options {
        prepare::Options { kernel: self.kernel.clone(), build: self.build, revert: self.revert }
    }
}
