// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask prove-cipher`: the proof that the machine code of the cipher routines computes ChaCha20.

use crate::{build_vdso, object};
use kernel_lab::progress::{self, line};
use kernel_lab::workspace;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use vdso_prove::finding::Finding;
use vdso_prove::hot_path::sweep;
use vdso_prove::load::load;
use vdso_prove::report::{Report, preamble, prove_all};

/// Options of `prove-cipher`.
#[derive(Debug, clap::Args)]
pub struct ProveCipherArgs {
    /// Objects or images [default: a new build's]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Also prove every small draw, of files with symbols; takes minutes
    #[arg(long)]
    draws: bool,
}

/// A claim that does not hold: the outcome of a proof that could be tried.
#[derive(Debug)]
pub struct Refuted {
    file: String,
    findings: Vec<Finding>,
}

impl fmt::Display for Refuted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        write!(f, "{}: not proved, {} findings", self.file, self.findings.len())
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
        if options.draws {
            draws(&shown, bytes)?;
        }
    }
    Ok(())
}

/// Proves every small draw of a file, and prints how many paths ended in which way.
///
/// # Errors
/// [`Refuted`], or the bytes are no ELF file that can be loaded.
fn draws(name: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
    let started = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let program = load(Path::new(name), bytes)?;
    let paths =
        sweep(&program, threads).map_err(|finding| Refuted { file: name.to_owned(), findings: vec![finding] })?;
    let left: Vec<String> = paths.left.iter().map(|(reason, count)| format!("{reason:?} {count}")).collect();
    progress::result(&format!("  paths that serve a draw: {}; that leave: {}\n", paths.served, left.join(", ")))?;
    line("Proved", format_args!("{name}: every small draw in {:.0} s", started.elapsed().as_secs_f64()));
    Ok(())
}

/// Proves the routines in the bytes of a file.
///
/// # Errors
/// [`Refuted`], or the bytes are no ELF file that can be loaded.
pub fn proved(name: &str, bytes: &[u8]) -> anyhow::Result<Report> {
    let program = load(Path::new(name), bytes.to_vec())?;
    let report = prove_all(&program);
    let findings: Vec<Finding> = report.findings().cloned().collect();
    if findings.is_empty() { Ok(report) } else { Err(Refuted { file: name.to_owned(), findings }.into()) }
}
