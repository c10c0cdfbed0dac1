// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The command line.

use crate::build_vdso::BuildVdsoArgs;
use crate::client::ClientArgs;
use crate::doctor::DoctorArgs;
use crate::fresh::FreshArgs;
use crate::fuzz::FuzzArgs;
use crate::inspect::{CheckArgs, DiffArgs, DumpArgs, ExplainArgs, VerifyArgs};
use crate::kernels::{BootArgs, StockArgs};
use crate::language::LanguageArgs;
use crate::prove_cipher::ProveCipherArgs;
use crate::splice::{SpliceArgs, UnspliceArgs};
use crate::{bench::BenchArgs, bless::BlessArgs, inject::InjectArgs, model::ModelArgs, soak::SoakArgs, test::TestArgs};
use clap::{Parser, Subcommand};

/// Build getrandom() for the Linux vDSO, verify it, and add it to kernels.
///
/// Exit codes: 0: done, 1: a rule or a test failed, 2: the command could not run.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, disable_help_subcommand = true)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build, link and verify the object and its images; --kernel patches a tree
    BuildVdso(BuildVdsoArgs),
    /// Check a relocatable object against the object rules
    Check(CheckArgs),
    /// Check a vDSO image against the image rules
    Verify(VerifyArgs),
    /// Add the object to an existing vDSO image and keep its contents
    Splice(SpliceArgs),
    /// Restore the original image from a spliced one
    Unsplice(UnspliceArgs),
    /// Print the contents of a vDSO image as reproducible text
    Dump(DumpArgs),
    /// List differences between two vDSO images; exit code 1 if any
    Diff(DiffArgs),
    /// Print the reason for a rule and the programs that need it
    Explain(ExplainArgs),
    /// Interrupt calls at every instruction and search for duplicate output
    Inject(InjectArgs),
    /// Explore the protocol, and known faulty variants, in every order of events
    Model(ModelArgs),
    /// Prove that the cipher's machine code computes ChaCha20 for every key
    ProveCipher(ProveCipherArgs),
    /// Build each kernel series' vDSO without the glue, as input for splice tests
    StockVdso(StockArgs),
    /// Boot kernels with the glue in QEMU and run the guest tests
    Boot(BootArgs),
    /// Draw from many threads under signals and reseeds; search for duplicates
    Soak(SoakArgs),
    /// Feed damaged objects and images to the parsers, the rules and the splice
    Fuzz(FuzzArgs),
    /// Run all checks and tests: the gate
    Test(TestArgs),
    /// Run the README's commands on a bare Debian root, as on a new machine
    Fresh(FreshArgs),
    /// Measure the image against its peers
    Bench(BenchArgs),
    /// Build the C libraries: static, shared and preload
    Client(ClientArgs),
    /// List required tools: installed and missing; exit code 1 if one is missing
    Doctor(DoctorArgs),
    /// Check the English of every line, the links of documents, and the subjects of commits
    Language(LanguageArgs),
    /// Rewrite generated files and the outputs that tests expect
    Bless(BlessArgs),
}
