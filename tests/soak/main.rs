// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask soak`: threads, words, and seconds as arguments; the last may be left out.

use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;
use vdso_tests::soak::{Options, Tally, run};

fn options() -> Option<Options> {
    let numbers: Result<Vec<u64>, _> = std::env::args().skip(1).map(|argument| argument.parse()).collect();
    let (threads, words, seconds) = match numbers.ok()?[..] {
        [threads, words] => (threads, words, None),
        [threads, words, seconds] => (threads, words, Some(seconds)),
        _ => return None,
    };
    Some(Options {
        threads: usize::try_from(threads).ok()?,
        words: usize::try_from(words).ok()?,
        seconds,
        twins: false,
    })
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("soak: expected THREADS WORDS [SECONDS]; see `cargo xtask soak --help`");
        return ExitCode::from(2);
    };
    let show = |words: usize| {
        if stderr().is_terminal() {
            // A terminal that is gone is no reason to stop.
            let _ = write!(stderr(), "\r{:>12} {:>3} %", "Drawing", words * 100 / options.words.max(1));
        }
    };
    let report = run(options, show);
    if stderr().is_terminal() {
        eprintln!();
    }
    let Tally { draws, handler_draws, in_mid_call } = report.tally;
    let mut text = format!("{} words in {draws} draws of {} threads\n", report.words, options.threads);
    text += &format!("{handler_draws} draws in handlers, {in_mid_call} of them in mid-call\n");
    text += &format!("{} reseeds\n", report.reseeds);
    let (duplicates, by_chance) = (report.duplicates.len(), report.expected_by_chance());
    text += &format!("{duplicates} duplicates, {by_chance:.1e} expected by chance\n");
    for word in report.duplicates.iter().take(10) {
        text += &format!("  {word:#018x}\n");
    }
    match stdout().write_all(text.as_bytes()) {
        // A reader that closed the pipe needs no more lines.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("soak: standard output: {error}");
            ExitCode::from(2)
        }
        _ if duplicates > 0 => ExitCode::from(1),
        _ => ExitCode::SUCCESS,
    }
}
