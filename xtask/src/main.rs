// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The commands of the project.

mod build_vdso;
mod cli;
mod digest;
mod inspect;
mod kernel;
mod link;
mod native_call;
mod object;
mod process;
mod progress;
mod running_kernel;
mod toolchain;
mod workspace;

use clap::Parser;
use cli::{Cli, Command};
use inspect::BrokenRules;
use std::process::ExitCode;
use vdso_link::Report;

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let found = error.is::<BrokenRules>();
            eprintln!("{}{error:#}", if found { "" } else { "error: " });
            ExitCode::from(if found { 1 } else { 2 })
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::BuildVdso(options) => {
            if options.quiet || options.json {
                progress::be_quiet();
            }
            let outcome = build_vdso::run(&options.options())?;
            if options.json {
                println!("{}", serde_json::to_string_pretty(&outcome)?);
            }
            Ok(())
        }
        Command::Check(options) => show(options.json, inspect::check_file(&options.file)),
        Command::Verify(options) => show(options.json, inspect::verify_file(&options.file)),
        Command::Explain { rule } => {
            print!("{}", inspect::explain(&rule)?);
            Ok(())
        }
    }
}

/// Prints a report that passed, or as JSON either kind; findings in words go the way of all errors.
fn show(json: bool, outcome: anyhow::Result<Report>) -> anyhow::Result<()> {
    if json {
        let report = match &outcome {
            Ok(report) => Some(report),
            Err(error) => error.downcast_ref::<BrokenRules>().map(|broken| &broken.0),
        };
        if let Some(report) = report {
            println!("{:#}", report.to_json());
        }
    } else if let Ok(report) = &outcome {
        for (rule, count) in report.examined() {
            println!("{count:>8} {rule}");
        }
    }
    outcome.map(drop)
}
