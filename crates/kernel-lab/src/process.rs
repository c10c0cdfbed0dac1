// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Starting other programs: their output in a file, their failure in one message.

use anyhow::{Context, bail};
use duct::{Expression, Handle};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

/// How many lines of a log or console a failure shows.
pub const TAIL_LINES: usize = 30;

/// Runs a command to its end with everything it prints in `log`.
///
/// # Errors
/// The command could not be started, or failed; then the message ends with the name of the log and what it says.
pub fn run_logged(what: &str, command: &Expression, log: &Path) -> anyhow::Result<()> {
    if let Some(folder) = log.parent() {
        fs_err::create_dir_all(folder)?;
    }
    let output = command
        .stdin_null()
        .stderr_to_stdout()
        .stdout_path(log)
        .unchecked()
        .run()
        .with_context(|| format!("{what}: could not be started; see that its program is on the path"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&fs_err::read(log)?).into_owned();
    bail!("{what} failed ({}); from {}:\n{}", output.status, log.display(), cause(&text))
}

/// Runs a command to its end and returns what it printed to standard output.
///
/// # Errors
/// The command could not be started, or failed; then the message holds what it printed to standard error.
pub fn output_of(what: &str, command: &Expression) -> anyhow::Result<String> {
    let output = command
        .stdin_null()
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .run()
        .with_context(|| format!("{what}: could not be started; see that its program is on the path"))?;
    if !output.status.success() {
        bail!("{what} failed ({}):\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The first line of what a command prints to standard output.
///
/// # Errors
/// As for [`output_of`].
pub fn first_line(what: &str, command: &Expression) -> anyhow::Result<String> {
    Ok(output_of(what, command)?.lines().next().unwrap_or_default().to_owned())
}

/// Starts a command with everything it prints in `log`; it is killed when the value is dropped.
///
/// # Errors
/// The command could not be started, or the log not be created.
pub fn start_bounded(command: &Expression, log: &Path) -> anyhow::Result<Bounded> {
    if let Some(folder) = log.parent() {
        fs_err::create_dir_all(folder)?;
    }
    Ok(Bounded(command.stdin_null().stderr_to_stdout().stdout_path(log).unchecked().start()?))
}

/// A child process that does not outlive this value.
pub struct Bounded(Handle);

impl Bounded {
    /// Waits until the child ends or the time is over; `None` in the second case.
    ///
    /// # Errors
    /// What the operating system says to the wait.
    pub fn wait(&self, limit: Duration) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.0.wait_timeout(limit)?.map(|output| output.status))
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        // A child that has ended already makes both fail, and nothing is left to do then.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The lines around the first error of a log, or its end if none is marked: a parallel build goes on for a while after
/// the one error that matters.
fn cause(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let is_error = |line: &&str| [" error: ", "*** [", "fatal error: "].iter().any(|mark| line.contains(mark));
    match lines.iter().position(is_error) {
        Some(position) => {
            let first = position.saturating_sub(TAIL_LINES / 6);
            barred(&lines[first..lines.len().min(first + TAIL_LINES)])
        }
        None => tail(log),
    }
}

/// The last [`TAIL_LINES`] lines of a text, each behind a bar.
pub fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    barred(&lines[lines.len().saturating_sub(TAIL_LINES)..])
}

fn barred(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("  | {}", line.trim_end())).collect::<Vec<_>>().join("\n")
}

/// Runs a command to its end and passes on each line of its standard output; standard error stays ours.
///
/// # Errors
/// The command could not be started, or its output not be read.
pub fn run_line_by_line(command: &Expression, mut each: impl FnMut(&str)) -> anyhow::Result<ExitStatus> {
    let reader = command.stdin_null().unchecked().reader()?;
    let mut lines = BufReader::new(&reader);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        each(String::from_utf8_lossy(&line).trim_end_matches('\n'));
        line.clear();
    }
    Ok(reader.try_wait()?.context("a process closed its output and went on")?.status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use duct::cmd;

    #[test]
    fn a_failure_shows_the_end_of_the_log_and_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("deep/build.log");
        let error = run_logged("the loop", &cmd!("sh", "-c", "seq 1 100; exit 3"), &log).unwrap_err().to_string();
        assert!(error.contains("the loop failed") && error.contains("exit status: 3"), "{error}");
        assert!(error.contains("deep/build.log"), "{error}");
        assert!(error.contains("  | 71\n") && error.ends_with("  | 100") && !error.contains("  | 70\n"), "{error}");
    }

    #[test]
    fn the_error_is_shown_and_not_what_a_parallel_build_did_after_it() {
        let before: String = (0..50).map(|n| format!("CC before{n}.o\n")).collect();
        let after: String = (0..50).map(|n| format!("CC after{n}.o\n")).collect();
        let shown = cause(&format!("{before}m.c:29:1: error: no constant\nmake[1]: *** [m.o] Error 1\n{after}"));
        assert!(shown.starts_with("  | CC before45.o\n") && shown.contains("error: no constant"), "{shown}");
        assert!(shown.contains("after0.o") && !shown.contains("after40.o"), "{shown}");
        assert_eq!(cause(&before), tail(&before));
    }

    #[test]
    fn lines_arrive_one_by_one_and_the_status_at_the_end() {
        let mut lines = Vec::new();
        let command = cmd!("sh", "-c", "printf 'a\\n\\377b\\nc'; exit 4");
        let status = run_line_by_line(&command, |line| lines.push(line.to_owned())).unwrap();
        assert_eq!((lines, status.code()), (vec!["a".into(), "\u{fffd}b".into(), "c".into()], Some(4)));
    }

    #[test]
    fn a_child_is_killed_when_its_owner_goes() {
        let folder = tempfile::tempdir().unwrap();
        let child = start_bounded(&cmd!("sleep", "600"), &folder.path().join("log")).unwrap();
        let id = child.0.pids()[0];
        assert!(child.wait(Duration::from_millis(10)).unwrap().is_none());
        assert!(Path::new(&format!("/proc/{id}")).exists());
        drop(child);
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }
}
