// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Measures `getrandom()` of the image against its peers, in one process and in one run.
//!
//! `cargo xtask bench` builds the image and starts this program. It is no test: times depend on the machine and on who
//! else uses it, so it judges ratios, and a missed goal is a result.

mod buffer;
mod clock;
mod cost;
mod curves;
mod goals;
mod machine;
mod peers;
mod pinned;
mod rounds;
mod sizes;
mod statistics;
mod table;

use anyhow::Result;
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

/// getrandom() of the image against its peers: times, ratios, goals.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Options {
    /// Where `cargo xtask build-vdso` wrote its products
    #[arg(long, value_name = "DIR", default_value = "target/vdso")]
    vdso: PathBuf,
    /// Less of everything: done in under a minute
    #[arg(long)]
    quick: bool,
    /// Rounds, in each of which everything is measured once [default: 21, quick 9]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(9..=1000))]
    rounds: Option<u16>,
    /// Also measure what is paid outside of the call: context switches, signals, first calls, reseeding, tails, threads
    #[arg(long)]
    cost: bool,
    /// Write everything that was measured to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw throughput and latency to this folder
    #[arg(long, value_name = "DIR")]
    curves: Option<PathBuf>,
}

impl Options {
    fn effort(&self) -> Effort {
        let (rounds, sample) = if self.quick { (9, 250) } else { (21, 500) };
        Effort { rounds: self.rounds.map_or(rounds, usize::from), sample: Duration::from_micros(sample) }
    }
}

/// Everything that a run gave.
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

/// Above this spread of the rounds, differences of a tenth mean nothing.
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
    let machine = Machine::look(&options.vdso);
    println!("{machine}");
    let peers = Peers::find(&options.vdso)?;
    peers.absent.iter().for_each(|absent| println!("{absent}"));

    let pinned = Pinned::here()?;
    let speeds = rounds::measure(&peers.present, effort);
    drop(pinned);
    table::print_speeds(&peers.present, &speeds);
    let mut goals = goals::judge(&speeds);
    let cost = options.cost.then(|| cost::measure(&options.vdso, options.quick)).transpose()?;
    if let Some(cost) = &cost {
        cost.print();
        goals.extend(cost.goals());
    }
    table::print_goals(&goals);
    let load_at_the_end = machine::load();
    print_conditions(&speeds, effort, &load_at_the_end);

    if let Some(folder) = &options.curves {
        curves::draw(&speeds, folder)?;
    }
    if let Some(file) = &options.json {
        let outcome = Outcome { machine, effort, absent: peers.absent, speeds, cost, goals, load_at_the_end };
        fs_err::write(file, serde_json::to_string_pretty(&outcome)? + "\n")?;
    }
    Ok(())
}

fn print_conditions(speeds: &Speeds, effort: Effort, load: &str) {
    let (ghz, spread) = (&speeds.core_ghz, speeds.spread());
    println!("\n{} rounds of samples of {:?}", effort.rounds, effort.sample);
    println!("core clock {:.2} GHz ({:.2} to {:.2}), load at the end {load}", ghz.median(), ghz.min(), ghz.max());
    let advice = if spread > NOISY { ": noisy, run it again on a quiet machine" } else { "" };
    println!("spread of the rounds {:.1} %{advice}", spread * 100.0);
}
