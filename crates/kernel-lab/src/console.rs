// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The guest's console, read and judged.
//!
//! Lines of the guest's client begin with [`PREFIX`]: `begin NAME` before each test, so that a hang names its test, then
//! `pass NAME FIGURES` or `fail NAME: REASON`, and at the very end `verdict N passed, N failed`. A boot passes only by a
//! verdict that agrees with the lines before it: no verdict, no test, or a kernel that complains is a failure.

/// What every line of the client begins with.
pub const PREFIX: &str = "vgetrandom-guest: ";

/// What a kernel prints when something is wrong with it, whatever the tests say.
const KERNEL_COMPLAINTS: [&str; 5] = ["Kernel panic", "BUG:", "Oops:", "WARNING:", "segfault at"];

/// How the virtual machine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with success.
    Cleanly,
    /// By itself, with an error of the emulator.
    WithError,
    /// It was still running when its time was over.
    TimeOver,
}

/// The client's lines.
#[derive(Debug, Default, PartialEq, Eq)]
struct Transcript<'text> {
    /// The test that began and has not ended.
    running: Option<&'text str>,
    passed: usize,
    /// `NAME: REASON` of each.
    failed: Vec<&'text str>,
    verdict: Option<&'text str>,
    /// What contradicts the protocol.
    disorder: Option<String>,
}

impl<'text> Transcript<'text> {
    fn read(console: &'text str) -> Self {
        let mut transcript = Self::default();
        // A carriage return comes from the terminal driver.
        for line in console.lines().filter_map(|line| line.trim_end().strip_prefix(PREFIX)) {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let name = rest.split([' ', ':']).next().unwrap_or_default();
            if transcript.verdict.is_some() {
                transcript.disorder.get_or_insert(format!("a line after the verdict: {line}"));
            }
            match word {
                "begin" => {
                    if let Some(earlier) = transcript.running.replace(rest) {
                        transcript.disorder.get_or_insert(format!("{earlier} never ended, {rest} began"));
                    }
                }
                "pass" | "fail" => {
                    if transcript.running.take() != Some(name) {
                        transcript.disorder.get_or_insert(format!("{name} ended without having begun"));
                    }
                    if word == "pass" {
                        transcript.passed += 1;
                    } else {
                        transcript.failed.push(rest);
                    }
                }
                "verdict" => transcript.verdict = Some(rest),
                _ => {}
            }
        }
        transcript
    }
}

/// Why a boot failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The tests that passed nevertheless.
    pub passed: usize,
    /// `NAME: REASON` of every test that failed.
    pub failed: Vec<String>,
    /// Everything else that is wrong, each a line without its end.
    pub broken: Vec<String>,
}

impl Failure {
    /// The failure of a boot that came to no tests.
    pub fn broken(reason: impl Into<String>) -> Self {
        Self { passed: 0, failed: Vec::new(), broken: vec![reason.into()] }
    }

    /// Everything that is wrong; never empty.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.failed.iter().chain(&self.broken).map(String::as_str)
    }
}

/// The number of tests that passed, at least one.
///
/// # Errors
/// The boot failed.
pub fn judge(console: &str, ended: Ended) -> Result<usize, Failure> {
    let transcript = Transcript::read(console);
    let mut broken = Vec::new();
    let (passed, failed) = (transcript.passed, transcript.failed);

    let complaint = console.lines().find(|line| KERNEL_COMPLAINTS.iter().any(|words| line.contains(words)));
    broken.extend(complaint.map(|line| format!("the kernel complained: {}", line.trim_end())));
    match (ended, transcript.running) {
        (Ended::TimeOver, Some(test)) => broken.push(format!("hung in {test}: the time is over")),
        (Ended::TimeOver, None) => broken.push("hung outside any test: the time is over".into()),
        (_, Some(test)) => broken.push(format!("ended in the middle of {test}")),
        (Ended::WithError, None) => broken.push("the emulator ended with an error".into()),
        (Ended::Cleanly, None) => {}
    }
    broken.extend(transcript.disorder);
    let counted = format!("{passed} passed, {} failed", failed.len());
    match transcript.verdict {
        None => broken.push("no verdict".into()),
        Some(verdict) if verdict != counted => {
            broken.push(format!("the verdict says {verdict}, the lines before it {counted}"));
        }
        Some(_) if passed + failed.len() == 0 => broken.push("no test was run".into()),
        Some(_) => {}
    }
    if failed.is_empty() && broken.is_empty() {
        return Ok(passed);
    }
    Err(Failure { passed, failed: failed.into_iter().map(str::to_owned).collect(), broken })
}

/// Names and figures of the tests that passed, in the order of the console.
pub fn passes(console: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = console.lines().filter_map(|line| line.trim_end().strip_prefix(PREFIX)?.strip_prefix("pass "));
    lines.map(|line| line.split_once(' ').unwrap_or((line, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Linux version 6.1\r\nvgetrandom-guest: begin alloc\r\nvgetrandom-guest: pass alloc pages=4\r\n\
                        vgetrandom-guest: begin fork\r\nvgetrandom-guest: pass fork\r\n\
                        vgetrandom-guest: verdict 2 passed, 0 failed\r\nreboot: Restarting system\r\n";

    fn reasons(console: &str, ended: Ended) -> String {
        judge(console, ended).unwrap_err().reasons().collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_good_boot_passes() {
        assert_eq!(judge(GOOD, Ended::Cleanly), Ok(2));
    }

    #[test]
    fn figures_are_found_by_name() {
        assert!(passes(GOOD).eq([("alloc", "pages=4"), ("fork", "")]));
    }

    #[test]
    fn a_failed_test_is_named_with_its_reason() {
        let console = GOOD.replace("pass fork", "fail fork: equal bytes").replace("2 passed, 0", "1 passed, 1");
        assert_eq!(reasons(&console, Ended::Cleanly), "fork: equal bytes");
    }

    #[test]
    fn a_hang_names_its_test() {
        let cut = &GOOD[..GOOD.find("vgetrandom-guest: pass fork").unwrap()];
        assert_eq!(reasons(cut, Ended::TimeOver), "hung in fork: the time is over; no verdict");
        assert_eq!(reasons(cut, Ended::Cleanly), "ended in the middle of fork; no verdict");
        let early = &GOOD[..GOOD.find("vgetrandom-guest").unwrap()];
        assert_eq!(reasons(early, Ended::TimeOver), "hung outside any test: the time is over; no verdict");
        assert_eq!(reasons(GOOD, Ended::TimeOver), "hung outside any test: the time is over");
    }

    #[test]
    fn a_kernel_that_complains_fails_whatever_the_tests_say() {
        for words in ["Kernel panic - not syncing: Attempted to kill init!", "WARNING: CPU: 0 PID: 1 at mm/m.c:1 f()"] {
            let console = GOOD.replace("reboot:", &format!("[    1.0] {words}\r\nreboot:"));
            assert_eq!(reasons(&console, Ended::Cleanly), format!("the kernel complained: [    1.0] {words}"));
        }
    }

    #[test]
    fn a_verdict_must_be_there_and_agree_with_the_lines_before_it() {
        let none = GOOD.replace("verdict", "verdigris");
        assert_eq!(reasons(&none, Ended::Cleanly), "no verdict");
        let wrong = GOOD.replace("2 passed", "3 passed");
        assert_eq!(
            reasons(&wrong, Ended::Cleanly),
            "the verdict says 3 passed, 0 failed, the lines before it 2 passed, 0 failed"
        );
        assert_eq!(reasons("vgetrandom-guest: verdict 0 passed, 0 failed\n", Ended::Cleanly), "no test was run");
        assert_eq!(reasons("", Ended::Cleanly), "no verdict");
        assert_eq!(reasons(&GOOD.replace("vgetr", " vgetr"), Ended::Cleanly), "no verdict");
    }

    #[test]
    fn an_emulator_that_fails_and_lines_out_of_order_are_failures() {
        assert_eq!(reasons(GOOD, Ended::WithError), "the emulator ended with an error");
        let unfinished = GOOD.replace("vgetrandom-guest: pass alloc pages=4\r\n", "").replace("2 passed", "1 passed");
        assert_eq!(reasons(&unfinished, Ended::Cleanly), "alloc never ended, fork began");
        let twice = format!("{GOOD}vgetrandom-guest: begin more\nvgetrandom-guest: pass more\n");
        assert!(reasons(&twice, Ended::Cleanly).starts_with("a line after the verdict: begin more"));
        let unbegun = GOOD.replace("vgetrandom-guest: begin fork\r\n", "");
        assert_eq!(reasons(&unbegun, Ended::Cleanly), "fork ended without having begun");
    }
}
