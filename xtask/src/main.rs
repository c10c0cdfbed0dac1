// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The commands of the project.

// `println!` panics where the reader of the output has gone, `progress` does not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod abi_header;
mod bench;
mod bless;
mod build_vdso;
mod cli;
mod client;
mod doctor;
mod fresh;
mod fuzz;
mod image_source;
mod inject;
mod inspect;
mod kernels;
mod language;
mod link;
mod manifest;
mod model;
mod native_call;
mod object;
mod outputs;
mod prove_cipher;
mod rule_names;
mod rules_page;
mod soak;
mod splice;
mod test;
mod toolchain;

use clap::Parser;
use cli::{Cli, Command};
use inspect::BrokenRules;
use kernel_lab::{boot, prepare, progress, stock_vdso};
use serde::Serialize;
use std::process::ExitCode;

/// The verdict of a command that could run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
}

impl From<bool> for Verdict {
    fn from(passed: bool) -> Self {
        if passed { Self::Passed } else { Self::Failed }
    }
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(Verdict::Passed) if progress::lost().is_none() => ExitCode::SUCCESS,
        Ok(Verdict::Failed) if progress::lost().is_none() => ExitCode::from(1),
        Ok(_) => {
            progress::complain(format_args!(
                "error: {}: the outcome is incomplete",
                progress::lost().unwrap_or_default()
            ));
            ExitCode::from(2)
        }
        Err(error) if error.is::<BrokenRules>() || error.is::<prove_cipher::Refuted>() => {
            progress::complain(error);
            ExitCode::from(1)
        }
        Err(error) => {
            progress::complain(format_args!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> anyhow::Result<Verdict> {
    match command {
        Command::BuildVdso(options) => build_vdso(&options)?,
        Command::Check(options) => {
            inspect::show(options.report.json, inspect::check_file(&options.file, &options.report.only))?;
        }
        Command::Verify(options) => inspect::show(options.report.json, inspect::verify_image(&options))?,
        Command::Splice(options) => splice::run(&options)?,
        Command::Unsplice(options) => splice::undo(&options)?,
        Command::Dump(options) => progress::result(&inspect::dump(&options.image.image()?, options.json)?)?,
        Command::Diff(options) => {
            let differences = inspect::diff(&options.old, &options.new)?;
            progress::result(&inspect::listed(&differences, options.json)?)?;
            return Ok(differences.is_empty().into());
        }
        Command::Explain(options) => progress::result(&inspect::explain(&options.rule)?)?,
        Command::Client(options) => client::run(&options)?,
        Command::Doctor(options) => {
            let diagnosis = doctor::examine();
            progress::result(&diagnosis.shown(options.json)?)?;
            return Ok(diagnosis.is_complete().into());
        }
        Command::Language(options) => return Ok(language::run(&options)?.into()),
        Command::Bless(options) => return Ok(bless::run(options.check)?.into()),
        Command::Bench(options) => {
            bench::require(&options)?;
            let products = build_vdso::run(&build_vdso::Options::default())?.out;
            bench::run(&options, &products)?;
        }
        Command::Fresh(options) => return Ok(fresh::run(&options)?.into()),
        Command::Model(options) => return Ok(model::explore(&options)?.into()),
        Command::Inject(options) => return Ok(inject::run(&options)?.into()),
        Command::ProveCipher(options) => {
            let build = || Ok(build_vdso::run(&build_vdso::Options::default())?.out);
            prove_cipher::run(&options, build)?;
        }
        Command::StockVdso(options) => {
            let install = !options.no_install;
            stock_vdso::run(&options.selection(), install)?;
        }
        Command::Boot(options) => {
            let options = options.into();
            boot::require(&options)?;
            let object = build_vdso::run(&build_vdso::Options::default())?.object();
            return Ok(boot::run(&options, &object)?.failures.is_empty().into());
        }
        Command::Soak(options) => {
            soak::require(&options)?;
            build_vdso::run(&build_vdso::Options::default())?;
            return soak::run(&options);
        }
        Command::Fuzz(options) => {
            build_vdso::run(&build_vdso::Options::default())?;
            return fuzz::run(&options);
        }
        Command::Test(options) => {
            let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
            let build = || Ok(build_vdso::run(&build_vdso::Options::default())?.object());
            return Ok(test::run(&options, build)?.is_success(ci).into());
        }
    }
    Ok(Verdict::Passed)
}

fn build_vdso(options: &build_vdso::BuildVdsoArgs) -> anyhow::Result<()> {
    if options.quiet || options.json {
        progress::be_quiet();
    }
    let kernel = options.kernel.options();
    let outcome = match kernel.to_revert() {
        Some(tree) => Outcome { build: None, kernel: Some(prepare::revert(tree)?) },
        None => {
            prepare::require(&kernel)?;
            let build = build_vdso::run(&options.pipeline())?;
            let kernel = prepare::run(&kernel, &build.object())?;
            Outcome { build: Some(build), kernel }
        }
    };
    if options.json {
        progress::result(&(serde_json::to_string_pretty(&outcome)? + "\n"))?;
    }
    Ok(())
}

/// The output of `build-vdso --json`.
#[derive(Serialize)]
struct Outcome {
    #[serde(flatten)]
    build: Option<build_vdso::Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel: Option<prepare::Outcome>,
}
