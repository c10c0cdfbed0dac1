// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The command line.

use crate::client::ClientArgs;
use crate::fresh::FreshArgs;
use crate::fuzz::FuzzArgs;
use crate::image_source::ImageSource;
use crate::language::LanguageArgs;
use crate::prove_cipher::ProveCipherArgs;
use crate::splice::{SpliceArgs, UnspliceArgs};
use crate::{
    bench::BenchArgs, bless::BlessArgs, build_vdso, inject::InjectArgs, model::ModelArgs, soak::SoakArgs,
    test::TestArgs,
};
use clap::{Args, Parser, Subcommand, ValueEnum};
use kernel_lab::boot::BootArgs;
use kernel_lab::prepare::KernelArgs;
use kernel_lab::stock_vdso::StockArgs;
use std::path::PathBuf;
use vdso_link::link::standalone::Linker;

/// getrandom() for the Linux vDSO: build it, prove it, put it into a kernel.
///
/// Exit codes: 0 done, 1 a rule or a test speaks against it, 2 it could not be done.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build, check, link, splice and verify; with --kernel, put the object into a kernel tree
    BuildVdso(BuildVdso),
    /// Apply the object rules to a relocatable object
    Check(Check),
    /// Apply the image rules to a vDSO image
    Verify(Verify),
    /// Put the object into a finished vDSO image, of which nothing is lost
    Splice(SpliceArgs),
    /// Take it out again: the image as it was, to the byte
    Unsplice(UnspliceArgs),
    /// Print what a vDSO image holds, as text that is the same for the same image everywhere
    Dump(Dump),
    /// Name each difference between two vDSO images by meaning; exit code 1 where there is one
    Diff(Diff),
    /// Print why a rule exists and who breaks without it
    Explain {
        /// The rule's id, as findings print it, or the family before its slash for all rules of it
        rule: String,
    },
    /// Interrupt calls at every instruction, and look for bytes that come twice
    Inject(InjectArgs),
    /// Explore the protocol in every order of events, and the protocols that must fail
    Model(ModelArgs),
    /// Prove for every key that the machine code of the cipher computes ChaCha20
    ProveCipher(ProveCipherArgs),
    /// Build the vDSO images of the kernel series without the glue, for the tests to splice into
    StockVdso(StockArgs),
    /// Boot kernels with the glue in QEMU, and judge what a client finds there
    Boot(BootArgs),
    /// Draw from many threads under signals and reseeds, and search for duplicates
    Soak(SoakArgs),
    /// Feed damaged objects and images to the parsers, the rules and the splice
    Fuzz(FuzzArgs),
    /// Run everything that must hold: the gate
    Test(TestArgs),
    /// Run the README's commands on a bare Debian root, as on a fresh machine
    Fresh(FreshArgs),
    /// Measure the image against its peers: times, ratios, goals
    Bench(BenchArgs),
    /// Build the C libraries for programs: archive, shared library and preload library
    Client(ClientArgs),
    /// Print what of the commands' needs is here, where, and how to get the rest; exit code 1 where something is missing
    Doctor {
        /// Print JSON to standard output
        #[arg(long)]
        json: bool,
    },
    /// Check the English of new lines and commits
    Language(LanguageArgs),
    /// Rewrite every file that is generated from another one, and what tests compare with
    Bless(BlessArgs),
}

/// Options of `build-vdso`.
#[derive(Debug, Args)]
pub struct BuildVdso {
    /// Splice into this image instead of the running kernel's
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// The unstripped file of the same build as --image, whose symbols tell where its kernel keeps the shared data
    #[arg(long, value_name = "FILE", requires = "image")]
    dbg: Option<PathBuf>,
    /// Write the results here instead of to target/vdso
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Link the stand-alone image with rust-lld or with GNU ld
    #[arg(long, value_enum, default_value_t = LinkerName::Lld)]
    linker: LinkerName,
    /// What to do with a kernel tree
    #[command(flatten)]
    pub kernel: KernelArgs,
    /// Print the outcome as JSON to standard output
    #[arg(long)]
    pub json: bool,
    /// Print nothing but errors and results
    #[arg(long)]
    pub quiet: bool,
}

/// The linkers by the names of their projects.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum LinkerName {
    Lld,
    Bfd,
}

/// Options of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The file to look at
    pub file: PathBuf,
    /// What every command has that applies rules
    #[command(flatten)]
    pub look: Look,
}

/// Options of the commands that apply rules.
#[derive(Debug, Args)]
pub struct Look {
    /// Print JSON to standard output
    #[arg(long)]
    pub json: bool,
    /// Report on these rules only, by id or by the family before the slash: `sections,relocations/kind`. For files that are
    /// not of this project, some of whose rules name what only its object has
    #[arg(long = "rules", value_name = "RULES")]
    pub only: Vec<String>,
}

/// Options of `dump`.
#[derive(Debug, Args)]
pub struct Dump {
    /// What is looked at
    #[command(flatten)]
    pub image: ImageSource,
    /// Print JSON to standard output
    #[arg(long)]
    pub json: bool,
}

/// Options of `diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The image to start from
    pub old: PathBuf,
    /// The image to hold against it
    pub new: PathBuf,
    /// Print JSON to standard output
    #[arg(long)]
    pub json: bool,
}

/// Options of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// What is looked at
    #[command(flatten)]
    pub image: ImageSource,
    /// What every command has that applies rules
    #[command(flatten)]
    pub look: Look,
    /// The image that the object was spliced into: nothing of it may be lost, and what it had itself is accepted
    #[arg(long, value_name = "FILE")]
    pub original: Option<PathBuf>,
    /// The unstripped file of the same build, whose symbols tell where its kernel keeps the shared data; needed for kernels
    /// whose layout is not known
    #[arg(long, value_name = "FILE")]
    pub dbg: Option<PathBuf>,
    /// The object that the stand-alone image or the splice was made from: nothing of its code may be another
    #[arg(long, value_name = "FILE")]
    pub object: Option<PathBuf>,
}

impl BuildVdso {
    /// The part that concerns the pipeline.
    pub fn pipeline(&self) -> build_vdso::Options {
        let defaults = build_vdso::Options::default();
        build_vdso::Options {
            image: self.image.clone(),
            debug: self.dbg.clone(),
            out: self.out.clone().unwrap_or(defaults.out),
            linker: match self.linker {
                LinkerName::Lld => Linker::Lld,
                LinkerName::Bfd => Linker::Bfd,
            },
        }
    }
}
