// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The emulator's monitor: one JSON object a line, over a socket (QEMU `docs/interop/qmp-intro.txt`).

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The longest that any answer takes, on a machine that is loaded.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(10);

/// A session.
pub struct Monitor(BufReader<UnixStream>);

impl Monitor {
    /// Opens the session of an emulator that has just been started with `-qmp unix:SOCKET,server=on,wait=off`.
    ///
    /// # Errors
    /// It does not listen, or does not answer.
    pub fn connect(socket: &Path) -> anyhow::Result<Self> {
        let deadline = Instant::now() + TIME_LIMIT;
        let stream = loop {
            match UnixStream::connect(socket) {
                Ok(stream) => break stream,
                Err(_) if Instant::now() < deadline => sleep(PAUSE),
                Err(error) => return Err(error).with_context(|| format!("the monitor at {}", socket.display())),
            }
        };
        stream.set_read_timeout(Some(TIME_LIMIT))?;
        stream.set_write_timeout(Some(TIME_LIMIT))?;
        let mut monitor = Self(BufReader::new(stream));
        let greeting = monitor.read()?;
        ensure!(greeting.get("QMP").is_some(), "the monitor's greeting is not of QMP: {greeting}");
        monitor.execute("qmp_capabilities", json!({}))?;
        Ok(monitor)
    }

    /// Stops the machine and writes everything that it is to `file`, a name without quotes or spaces.
    ///
    /// # Errors
    /// The emulator's, or the time is over.
    pub fn save(&mut self, file: &str) -> anyhow::Result<()> {
        // Stopped first: a machine that runs on while it is saved would be saved at a point of the emulator's choosing.
        self.execute("stop", json!({}))?;
        self.execute("migrate", json!({ "uri": format!("exec:cat >{file}") }))?;
        let status = self.poll("query-migrate", |status| matches!(status, "completed" | "failed" | "cancelled"))?;
        ensure!(status == "completed", "the machine was not saved: the migration {status}");
        Ok(())
    }

    /// Waits until a machine that was started with `-incoming` has been read, and lets it run.
    ///
    /// # Errors
    /// The emulator's, or the time is over.
    pub fn resume(&mut self) -> anyhow::Result<()> {
        let status = self.poll("query-status", |status| status != "inmigrate")?;
        ensure!(status == "paused", "the restored machine is {status}, not paused");
        self.execute("cont", json!({}))?;
        Ok(())
    }

    /// Polls a status until it is final.
    fn poll(&mut self, command: &str, is_final: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        let deadline = Instant::now() + TIME_LIMIT;
        loop {
            let answer = self.execute(command, json!({}))?;
            // A migration that has just begun has no status.
            let status = answer["status"].as_str().unwrap_or_default();
            if is_final(status) {
                return Ok(status.to_owned());
            }
            ensure!(Instant::now() < deadline, "{command}: the status is still {status:?} after {TIME_LIMIT:?}");
            sleep(PAUSE);
        }
    }

    fn execute(&mut self, command: &str, arguments: Value) -> anyhow::Result<Value> {
        let mut request = json!({ "execute": command, "arguments": arguments }).to_string();
        request.push('\n');
        self.0.get_mut().write_all(request.as_bytes()).with_context(|| format!("{command}, to the monitor"))?;
        loop {
            let mut answer = self.read().with_context(|| format!("the monitor's answer to {command}"))?;
            if answer.get("error").is_some() {
                bail!("the monitor refuses {command}: {answer}");
            }
            // A message without either member is an event.
            if answer.get("return").is_some() {
                return Ok(answer["return"].take());
            }
        }
    }

    fn read(&mut self) -> anyhow::Result<Value> {
        let mut line = String::new();
        ensure!(self.0.read_line(&mut line)? > 0, "the monitor was closed");
        serde_json::from_str(&line).with_context(|| format!("not JSON: {line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;
    use std::thread::{JoinHandle, spawn};

    const GREETING: &str = r#"{"QMP": {"version": {}}}"#;

    /// An emulator that sends the first line at once and one more line for each request; returns the requests.
    fn emulator(socket: &Path, lines: &[&str]) -> JoinHandle<Vec<String>> {
        let listener = UnixListener::bind(socket).unwrap();
        let lines: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
        spawn(move || {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            let mut requests = Vec::new();
            for (number, line) in lines.iter().enumerate() {
                if number > 0 {
                    let mut request = String::new();
                    stream.read_line(&mut request).unwrap();
                    let request: Value = serde_json::from_str(&request).unwrap();
                    requests.push(request["execute"].as_str().unwrap().to_owned());
                }
                stream.get_mut().write_all(line.as_bytes()).unwrap();
            }
            requests
        })
    }

    fn session<T>(lines: &[&str], talk: impl FnOnce(&mut Monitor) -> T) -> (T, Vec<String>) {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("qmp");
        let emulator = emulator(&socket, lines);
        let mut monitor = Monitor::connect(&socket).unwrap();
        let outcome = talk(&mut monitor);
        drop(monitor);
        (outcome, emulator.join().unwrap())
    }

    #[test]
    fn a_machine_is_stopped_before_it_is_saved_and_events_are_passed_over() {
        let done = r#"{"return": {}}"#;
        let stopped = "{\"event\": \"STOP\"}\n{\"return\": {}}";
        let active = r#"{"return": {"status": "active"}}"#;
        let completed = r#"{"return": {"status": "completed"}}"#;
        let lines = [GREETING, done, stopped, done, done, active, completed];
        let (outcome, requests) = session(&lines, |monitor| monitor.save("state"));
        outcome.unwrap();
        assert_eq!(
            requests,
            ["qmp_capabilities", "stop", "migrate", "query-migrate", "query-migrate", "query-migrate"]
        );
    }

    #[test]
    fn what_the_emulator_refuses_is_an_error_with_its_words() {
        let (done, failed) = (r#"{"return": {}}"#, r#"{"return": {"status": "failed"}}"#);
        let refused = r#"{"error": {"class": "GenericError", "desc": "no such place"}}"#;
        for (lines, words) in [
            (&[GREETING, done, done, refused][..], "refuses migrate: "),
            (&[GREETING, done, done, done, failed], "the machine was not saved: the migration failed"),
            (&[GREETING, done, "no"], "not JSON: no"),
        ] {
            let (outcome, _) = session(lines, |monitor| monitor.save("state"));
            let error = format!("{:#}", outcome.unwrap_err());
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn a_machine_runs_once_it_has_been_read() {
        let (done, paused) = (r#"{"return": {}}"#, r#"{"return": {"status": "paused"}}"#);
        let reading = r#"{"return": {"status": "inmigrate"}}"#;
        let (outcome, requests) = session(&[GREETING, done, reading, paused, done], Monitor::resume);
        outcome.unwrap();
        assert_eq!(requests, ["qmp_capabilities", "query-status", "query-status", "cont"]);
        let broken = r#"{"return": {"status": "internal-error"}}"#;
        let error = session(&[GREETING, done, broken], Monitor::resume).0.unwrap_err().to_string();
        assert_eq!(error, "the restored machine is internal-error, not paused");
    }
}
