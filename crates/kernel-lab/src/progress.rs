// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The output of the commands: progress lines (a right-aligned verb and its object) on standard error, results on standard
//! output.

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Column at which the verbs end; Cargo's own.
const VERB_WIDTH: usize = 12;

/// Whether only errors and results are printed; set once, before the first line.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Silences [`line`] and [`spinner`] for the rest of the process.
pub fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Prints one line: `verb`, a space, `text`. The verb is bold green on a terminal.
pub fn line(verb: &str, text: impl Display) {
    if QUIET.load(Ordering::Relaxed) {
        return;
    }
    let verb = format!("{verb:>VERB_WIDTH$}");
    complain(format_args!("{} {text}", console::style(verb).for_stderr().green().bold()));
}

/// Prints one line to standard error. If that fails, only the exit code remains.
pub fn complain(text: impl Display) {
    complained(std::io::stderr().lock(), text);
}

fn complained(mut output: impl Write, text: impl Display) {
    let _ = writeln!(output, "{text}");
}

/// Prints a result to standard output. A pipe that its reader closed is no error.
///
/// # Errors
/// It cannot be written.
pub fn result(text: &str) -> anyhow::Result<()> {
    written(std::io::stdout().lock(), text)
}

/// Why a line of [`print`] was lost; the first one.
static LOST: OnceLock<String> = OnceLock::new();

/// Prints one line of a result to standard output, in a command that goes on whether it can be printed or not. A reader that
/// closed the pipe needs no more lines; another failure is in [`lost`].
pub fn print(text: impl Display) {
    if let Err(error) = result(&format!("{text}\n")) {
        LOST.get_or_init(|| format!("{error:#}"));
    }
}

/// Why a line of [`print`] was lost, if one was: the outcome of the command is then incomplete.
pub fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

fn written(mut output: impl Write, text: &str) -> anyhow::Result<()> {
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("standard output"),
        _ => Ok(()),
    }
}

/// Announces a step that takes more than a few seconds. On a terminal a spinner shows the elapsed time until the value
/// is dropped; elsewhere it is one line.
#[must_use = "the spinner turns until the value is dropped"]
pub fn spinner(verb: &str, text: impl Display) -> Spinner {
    line(verb, &text);
    if QUIET.load(Ordering::Relaxed) || !std::io::stderr().is_terminal() {
        return Spinner(None);
    }
    let style = ProgressStyle::with_template("{spinner:>12} {elapsed} {msg}").expect("the template is a constant");
    let bar = ProgressBar::new_spinner().with_style(style).with_message(text.to_string());
    bar.enable_steady_tick(Duration::from_millis(100));
    Spinner(Some(bar))
}

/// Announces a step whose end can be foreseen. On a terminal a bar shows how far it is; elsewhere it is one line.
#[must_use = "the bar is shown until the value is dropped"]
pub fn bar(verb: &str, text: impl Display) -> Bar {
    line(verb, &text);
    if QUIET.load(Ordering::Relaxed) || !std::io::stderr().is_terminal() {
        return Bar(None);
    }
    let style = ProgressStyle::with_template("{spinner:>12} {elapsed} [{bar:40}] {pos}/{len} cases, {eta} left")
        .expect("the template is a constant");
    Bar(Some(ProgressBar::new(0).with_style(style.progress_chars("=> "))))
}

/// A step of which so much is done.
pub struct Bar(Option<ProgressBar>);

impl Bar {
    /// Shows that `done` of `all` are done.
    pub fn set(&self, done: usize, all: usize) {
        if let Some(bar) = &self.0 {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// A step under way.
pub struct Spinner(Option<ProgressBar>);

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_has_seen_enough_is_no_failure_and_a_full_disk_is() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        written(writer, "text").unwrap();
        let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        complained(full(), "text");
        let error = written(full(), "text").unwrap_err();
        assert!(format!("{error:#}").contains("standard output"), "{error:#}");
    }
}
