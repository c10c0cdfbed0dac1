// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Starting other programs: their output in a file, their failure in one message.

use anyhow::{Context, bail};
use duct::{Expression, Handle};
use rustix::process::{Pid, Signal, getpid, getppid, kill_process_group, set_parent_process_death_signal};
use std::cell::Cell;
use std::io::{BufRead, BufReader, ErrorKind};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

/// How many lines of a log or console a failure shows.
pub const TAIL_LINES: usize = 30;

/// Runs a command to its end with everything it prints in `log`. It ends with this process.
///
/// # Errors
/// The command could not be started, or failed; then the message ends with the name of the log and its errors.
pub fn run_logged(what: &str, command: &Expression, log: &Path) -> anyhow::Result<()> {
    let child = start_bounded(command, log)
        .with_context(|| format!("{what}: could not be started; see that its program is on the path"))?;
    let status = child.end()?;
    if status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&fs_err::read(log)?).into_owned();
    bail!("{what} failed ({status}); from {}:\n{}", log.display(), cause(&text))
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

/// Starts a command with everything it prints in `log`. It ends with the value, and with this process.
///
/// # Errors
/// The command could not be started, or the log not be created.
pub fn start_bounded(command: &Expression, log: &Path) -> anyhow::Result<Bounded> {
    if let Some(directory) = log.parent() {
        fs_err::create_dir_all(directory)?;
    }
    let parent = getpid();
    let command = command.stdin_null().stderr_to_stdout().stdout_path(log).unchecked().before_spawn(move |child| {
        child.process_group(0);
        // SAFETY: the closure makes two system calls and neither allocates nor locks, as between fork and exec it must.
        unsafe {
            child.pre_exec(move || {
                // Not SIGKILL: `make` passes this signal on to the compilers that it has started.
                set_parent_process_death_signal(Some(Signal::TERM))?;
                // A parent that ended before the call above sends no signal.
                if getppid() == Some(parent) { Ok(()) } else { Err(ErrorKind::BrokenPipe.into()) }
            });
        }
        Ok(())
    });
    Ok(Bounded { handle: command.start()?, is_reaped: Cell::new(false) })
}

/// A child process in a process group of which it is the leader. No process of the group outlives this value.
pub struct Bounded {
    handle: Handle,
    /// Whether the child was waited for, so that its id may belong to another process.
    is_reaped: Cell<bool>,
}

impl Bounded {
    /// Waits until the child ends or the time is over; `None` in the second case.
    ///
    /// # Errors
    /// The operating system refuses the wait.
    pub fn wait(&self, limit: Duration) -> anyhow::Result<Option<ExitStatus>> {
        let output = self.handle.wait_timeout(limit)?;
        self.is_reaped.set(output.is_some());
        Ok(output.map(|output| output.status))
    }

    /// Waits until the child ends.
    fn end(self) -> anyhow::Result<ExitStatus> {
        let status = self.handle.wait()?.status;
        self.is_reaped.set(true);
        Ok(status)
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        let group = self.handle.pids().first().and_then(|id| Pid::from_raw(*id as i32));
        if let (false, Some(group)) = (self.is_reaped.get(), group) {
            // The group may have ended by itself, and then nothing is left to do.
            let _ = kill_process_group(group, Signal::KILL);
            let _ = self.handle.wait();
        }
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

/// The last [`TAIL_LINES`] lines of a text, each after a bar.
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
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("deep/build.log");
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
    fn dropping_a_child_kills_it_and_what_it_started() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let child = start_bounded(&cmd!("sh", "-c", "sleep 600 & echo $$ $!; wait"), &log).unwrap();
        let ids = logged_ids(&log, 2);
        assert!(child.wait(Duration::from_millis(10)).unwrap().is_none());
        assert!(ids.iter().all(|id| is_running(*id)));
        drop(child);
        assert_ended(&ids);
    }

    /// Run by the next test in a process that it kills.
    #[test]
    fn helper_that_builds_until_it_is_killed() {
        let Some(directory) = std::env::var_os(HELPER) else { return };
        let directory = Path::new(&directory);
        let _ = run_logged("the build", &cmd!("make", "-j2", "-f", directory.join("rules")), &directory.join("log"));
    }

    #[test]
    fn run_logged_leaves_no_build_behind_a_killed_process() {
        let directory = tempfile::tempdir().unwrap();
        fs_err::write(directory.path().join("rules"), "all:; @echo $$PPID $$$$; exec sleep 600\n").unwrap();
        let test = "process::tests::helper_that_builds_until_it_is_killed";
        let mut helper = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test])
            .env(HELPER, directory.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let ids = logged_ids(&directory.path().join("log"), 2);
        assert!(ids.iter().all(|id| is_running(*id)));
        helper.kill().unwrap();
        helper.wait().unwrap();
        assert_ended(&ids);
    }

    const HELPER: &str = "KERNEL_LAB_TEST_HELPER";

    /// Process ids in the first line of a log, waited for.
    fn logged_ids(log: &Path, count: usize) -> Vec<i32> {
        for _ in 0..1000 {
            let text = fs_err::read_to_string(log).unwrap_or_default();
            let ids: Vec<i32> = text.split_whitespace().map_while(|word| word.parse().ok()).collect();
            if ids.len() == count && text.ends_with('\n') {
                return ids;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("no process ids in {}", log.display());
    }

    fn is_running(id: i32) -> bool {
        // The third field is the state, and a zombie has ended.
        let status = fs_err::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        status.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
    }

    fn assert_ended(ids: &[i32]) {
        for _ in 0..1000 {
            if !ids.iter().any(|id| is_running(*id)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        for id in ids.iter().filter_map(|id| Pid::from_raw(*id)) {
            let _ = rustix::process::kill_process(id, Signal::KILL);
        }
        panic!("processes {ids:?} go on");
    }
}
