// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! What the commands print while they work: a right-aligned verb and its object, on standard error.

use indicatif::{ProgressBar, ProgressStyle};
use std::fmt::Display;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Column at which the verbs end; Cargo's own.
const VERB_WIDTH: usize = 12;

/// Whether nothing but errors and results is wanted; set once, before the first line.
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
    eprintln!("{} {text}", console::style(verb).for_stderr().green().bold());
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

/// A step under way.
pub struct Spinner(Option<ProgressBar>);

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
