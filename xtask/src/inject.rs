// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask inject`: interrupts calls at every instruction.

use kernel_lab::progress::{bar, line, print};
use kernel_lab::workspace;
use std::path::{Path, PathBuf};
use vdso_inject::timer::by_timer;
use vdso_inject::{Effort, Event, Options, Report, Target};

/// Options of `inject`.
#[derive(Clone, Debug, clap::Args)]
pub struct InjectArgs {
    /// Image to interrupt: "ours" (target/vdso), "kernel" (running kernel) or a file
    #[arg(long, default_value = "ours", value_name = "ours|kernel|IMAGE")]
    target: String,
    /// Run only this event; repeatable
    ///
    /// The protocol does not cover "residual" and "residual-abandon".
    #[arg(long, value_name = "EVENT", value_parser = event)]
    event: Vec<Event>,
    /// Run only calls of this length; repeatable
    #[arg(long, value_name = "BYTES")]
    len: Vec<usize>,
    /// Interrupt by a timer signal whose handler forks and draws, this many times
    #[arg(long, value_name = "FORKS", conflicts_with_all = ["event", "len", "exhaustive", "short"],
        value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    by_timer: Option<u32>,
    /// Random seed
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Interrupt every execution of every instruction: takes hours
    #[arg(long, conflicts_with = "short")]
    exhaustive: bool,
    /// Run a sample of a few seconds, as the tests do
    #[arg(long)]
    short: bool,
}

fn event(name: &str) -> Result<Event, String> {
    Event::named(name).ok_or_else(|| {
        let names: Vec<&str> = Event::ALL.iter().map(|event| event.name()).collect();
        format!("events are {}", names.join(", "))
    })
}

/// Interrupts calls; returns whether no run showed a violation.
///
/// # Errors
/// The target cannot be called.
pub fn run(arguments: &InjectArgs) -> anyhow::Result<bool> {
    let target = match arguments.target.as_str() {
        "ours" => Target::image(&ours())?,
        "kernel" => Target::running_kernel()?,
        file => Target::image(Path::new(file))?,
    };
    if let Some(forks) = arguments.by_timer {
        let bar = bar("Interrupting", format!("{} by a timer", target.name()));
        let report = by_timer(&target, forks as usize, &mut |done, all| bar.set(done, all))?;
        drop(bar);
        print(report.to_string().trim_end());
        anyhow::ensure!(report.forks > 0, "no signal arrived in the middle of a call, so that nothing was tested");
        return Ok(report.repeated == 0 && report.zero_key == 0);
    }
    let effort = match (arguments.exhaustive, arguments.short) {
        (true, _) => Effort::EXHAUSTIVE,
        (_, true) => Effort::SHORT,
        _ => Effort::USUAL,
    };
    let mut options = Options::new(effort, arguments.seed);
    options.events.clone_from(&arguments.event);
    options.lens.clone_from(&arguments.len);
    if !target.moves_generation() {
        line("Skipped", "events that need a new generation: the kernel makes one for root only");
    }
    let bar = bar("Injecting", format!("{} (seed {})", target.name(), options.seed));
    let report = vdso_inject::inject(&target, &options, &mut |done, all| bar.set(done, all))?;
    drop(bar);
    show(&report, &target);
    Ok(report.violations().next().is_none())
}

fn ours() -> PathBuf {
    workspace::vdso_output().join("vdso64.so")
}

fn show(report: &Report, target: &Target) {
    print(report.to_string().trim_end());
    for ((event, kind), (count, first)) in report.kinds() {
        let described = report.describe(first, target);
        print(format_args!("{event}: {kind}, {count} times; the first one:\n{described}"));
    }
}
