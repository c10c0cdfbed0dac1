// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Results on standard output. The benchmark goes on if they cannot be printed: it also writes files.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::sync::OnceLock;

/// The first error of [`print`], except that of a closed pipe.
static LOST: OnceLock<String> = OnceLock::new();

/// Prints a text. A reader that closed the pipe needs no more of it; [`lost`] returns another error.
pub fn print(text: impl Display) {
    if let Err(error) = written(std::io::stdout().lock(), text) {
        LOST.get_or_init(|| error.to_string());
    }
}

/// Returns why a part of the results was not printed, if one was not.
pub fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

fn written(mut output: impl Write, text: impl Display) -> std::io::Result<()> {
    match write!(output, "{text}").and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_ignores_a_closed_pipe_and_reports_a_full_device() {
        let (reader, closed) = std::io::pipe().unwrap();
        drop(reader);
        written(closed, "text").unwrap();
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        assert_eq!(written(full, "text").unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
