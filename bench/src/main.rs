// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Compares the speed of `getrandom()` of the image with its peers, in one process and one run.
//!
//! `cargo xtask bench` builds the image and starts this program. The program is not a test: times depend on the machine and
//! its load. Goals are therefore ratios, and a missed goal is a result and not a failure.

// `println!` panics if standard output is closed.
#![deny(clippy::print_stdout)]

mod buffer;
mod clock;
mod cost;
mod curves;
mod goals;
mod machine;
mod output;
mod peers;
mod pinned;
mod rounds;
mod sizes;
mod statistics;
mod table;

use anyhow::{Result, bail};
use clap::Parser;
use goals::Goal;
use machine::Machine;
use peers::{Absent, Peers};
use pinned::Pinned;
use rounds::{Effort, Speeds};
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Compare getrandom() of the image with its peers: times, ratios, goals.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Options {
    /// Directory with the products of `cargo xtask build-vdso`
    #[arg(long, value_name = "DIR", default_value = "target/vdso")]
    vdso: PathBuf,
    /// Take fewer and shorter samples
    #[arg(long)]
    quick: bool,
    /// Measure everything once in each of N rounds [default: 21, quick 9]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(9..=1000))]
    rounds: Option<u16>,
    /// Also measure context switches, signals, first calls, reseeds, tails, threads
    #[arg(long)]
    cost: bool,
    /// Write all measurements to FILE as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the throughput and latency curves to DIR as SVG
    #[arg(long, value_name = "DIR")]
    curves: Option<PathBuf>,
}

impl Options {
    fn effort(&self) -> Effort {
        let (rounds, sample) = if self.quick { (9, 250) } else { (21, 500) };
        Effort { rounds: self.rounds.map_or(rounds, usize::from), sample: Duration::from_micros(sample) }
    }
}

/// The results of a run.
#[derive(Serialize)]
struct Outcome {
    machine: Machine,
    effort: Effort,
    absent: Vec<Absent>,
    speeds: Speeds,
    cost: Option<cost::Costs>,
    goals: Vec<Goal>,
    load_at_the_end: String,
}

/// The spread of the rounds above which a run is noisy: differences of this size mean nothing.
const NOISY: f64 = 0.1;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let effort = options.effort();
    let machine = Machine::inspect(&options.vdso);
    output::print(format_args!("{machine}\n"));
    let peers = Peers::find(&options.vdso)?;
    peers.absent.iter().for_each(|absent| output::print(format_args!("{absent}\n")));

    let pinned = Pinned::here()?;
    let speeds = rounds::measure(&peers.present, effort);
    drop(pinned);
    table::print_speeds(&peers.present, &speeds);
    let mut goals = goals::evaluate(&speeds);
    let cost = options.cost.then(|| cost::measure(&options.vdso, options.quick)).transpose()?;
    if let Some(cost) = &cost {
        cost.print();
        goals.extend(cost.goals());
    }
    table::print_goals(&goals);
    let load_at_the_end = machine::load();
    print_conditions(&speeds, effort, &load_at_the_end);

    if let Some(directory) = &options.curves {
        curves::draw(&speeds, directory)?;
    }
    if let Some(file) = &options.json {
        let outcome = Outcome { machine, effort, absent: peers.absent, speeds, cost, goals, load_at_the_end };
        fs_err::write(file, serde_json::to_string_pretty(&outcome)? + "\n")?;
    }
    output::lost().map_or(Ok(()), |reason| bail!("standard output: {reason}"))
}

fn print_conditions(speeds: &Speeds, effort: Effort, load: &str) {
    let (ghz, spread) = (&speeds.core_ghz, speeds.spread());
    output::print(format_args!("\n{} rounds of samples of {:?}\n", effort.rounds, effort.sample));
    let (median, min, max) = (ghz.median(), ghz.min(), ghz.max());
    output::print(format_args!("core clock {median:.2} GHz ({min:.2} to {max:.2}), load at the end {load}\n"));
    let advice = if spread > NOISY { ": noisy; run it again on a quiet machine" } else { "" };
    output::print(format_args!("spread of the rounds {:.1} %{advice}\n", spread * 100.0));
}
