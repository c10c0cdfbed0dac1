// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask inject`: calls interrupted at every instruction.

use kernel_lab::progress::{bar, line, print};
use kernel_lab::workspace;
use std::path::{Path, PathBuf};
use vdso_inject::timer::by_timer;
use vdso_inject::{Effort, Event, Options, Report, Subject};

/// Options of `inject`.
#[derive(Clone, Debug, clap::Args)]
pub struct InjectArgs {
    /// What to interrupt: "ours" (target/vdso/vdso64.so), "kernel" (the running kernel's), or the file of an image
    #[arg(long, default_value = "ours", value_name = "ours|kernel|IMAGE")]
    subject: String,
    /// Only this event; may be repeated. The protocol leaves "residual" and "residual-abandon" open
    #[arg(long, value_name = "EVENT", value_parser = event)]
    event: Vec<Event>,
    /// Only calls of this length; may be repeated
    #[arg(long, value_name = "BYTES")]
    len: Vec<usize>,
    /// Stop at no chosen instruction: so many signals of a timer, whose handler forks and draws in the child
    #[arg(long, value_name = "FORKS", conflicts_with_all = ["event", "len", "exhaustive", "short"],
        value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    by_timer: Option<u32>,
    /// What chance depends on
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Interrupt every instruction each time that it is executed: hours
    #[arg(long, conflicts_with = "short")]
    exhaustive: bool,
    /// A sample of a few seconds, as in the tests
    #[arg(long)]
    short: bool,
}

fn event(name: &str) -> Result<Event, String> {
    Event::named(name).ok_or_else(|| {
        let names: Vec<&str> = Event::ALL.iter().map(|event| event.name()).collect();
        format!("events are {}", names.join(", "))
    })
}

/// Interrupts; returns whether nothing was violated.
///
/// # Errors
/// The subject cannot be put to the test.
pub fn run(arguments: &InjectArgs) -> anyhow::Result<bool> {
    let subject = match arguments.subject.as_str() {
        "ours" => Subject::image(&ours())?,
        "kernel" => Subject::running_kernel()?,
        file => Subject::image(Path::new(file))?,
    };
    if let Some(forks) = arguments.by_timer {
        let bar = bar("Interrupting", format!("{} by a timer", subject.name()));
        let report = by_timer(&subject, forks as usize, &mut |done, all| bar.set(done, all))?;
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
    if !subject.moves_generation() {
        line("Skipped", "events that need a new generation: the kernel makes one for root only");
    }
    let bar = bar("Injecting", format!("{} (seed {})", subject.name(), options.seed));
    let report = vdso_inject::inject(&subject, &options, &mut |done, all| bar.set(done, all))?;
    drop(bar);
    show(&report, &subject);
    Ok(report.violations().next().is_none())
}

fn ours() -> PathBuf {
    workspace::vdso_output().join("vdso64.so")
}

fn show(report: &Report, subject: &Subject) {
    print(report.to_string().trim_end());
    for ((event, kind), (count, first)) in report.kinds() {
        let described = report.describe(first, subject);
        print(format_args!("{event}: {kind}, {count} times; the first one:\n{described}"));
    }
}
