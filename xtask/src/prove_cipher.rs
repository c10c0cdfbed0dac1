// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask prove-cipher`: the proof that the machine code of the cipher routines computes ChaCha20.

use crate::{build_vdso, object};
use kernel_lab::progress::{self, line};
use kernel_lab::workspace;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use vdso_prove::load::load;
use vdso_prove::report::{Report, preamble, prove_all};

/// Options of `prove-cipher`.
#[derive(Debug, clap::Args)]
pub struct ProveCipherArgs {
    /// Objects or images with symbols [default: those of the last build]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A cipher that is not proved: the outcome of a proof that could be tried.
#[derive(Debug)]
pub struct Refuted {
    file: String,
    report: Report,
}

impl fmt::Display for Refuted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in self.report.findings() {
            writeln!(f, "{finding}")?;
        }
        let count = self.report.findings().count();
        write!(f, "{}: {count} of {} cipher routines not proved", self.file, self.report.verdicts.len())
    }
}

impl std::error::Error for Refuted {}

/// Prints theorem, assumptions and claims, then the verdict on each routine of each file; `build` returns the directory of a
/// build.
///
/// # Errors
/// [`Refuted`], or a file cannot be read.
pub fn run(options: &ProveCipherArgs, build: impl FnOnce() -> anyhow::Result<PathBuf>) -> anyhow::Result<()> {
    let mut files = options.files.clone();
    if files.is_empty() {
        let products = build()?;
        files = [object::FILE_NAME, build_vdso::DEBUG].map(|name| products.join(name)).to_vec();
    }
    progress::result(&preamble())?;
    for file in files {
        let bytes = fs_err::read(&file)?;
        let shown = workspace::shown(&file);
        let started = Instant::now();
        let report = proved(&shown, &bytes)?;
        let rows = report.verdicts.iter().flatten().map(|proof| {
            let (routine, instructions, paths) = (&proof.routine, proof.instructions, proof.paths);
            format!("  {routine:<28} proved: {instructions} instructions, {paths} paths, {} terms\n", proof.terms)
        });
        progress::result(&format!("{shown}\n{}", rows.collect::<String>()))?;
        line(
            "Proved",
            format_args!("{shown}: {} routines in {:.2} s", report.verdicts.len(), started.elapsed().as_secs_f64()),
        );
    }
    Ok(())
}

/// Proves the routines in the bytes of a file.
///
/// # Errors
/// [`Refuted`], or the bytes are no ELF file that can be loaded.
pub fn proved(name: &str, bytes: &[u8]) -> anyhow::Result<Report> {
    let program = load(Path::new(name), bytes.to_vec())?;
    let report = prove_all(&program);
    if report.findings().next().is_some() {
        return Err(Refuted { file: name.to_owned(), report }.into());
    }
    Ok(report)
}
