// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The verdict on a guest's console, which holds a KTAP report between lines of the kernel (`ktap` reads it).
//!
//! A boot passes only by a complete report in good order of which no test failed. A missing report, a report without a test
//! that ran, or a kernel that complains is a failure.

use super::ktap::Report;

/// Words of a kernel in which something is wrong, even if all tests pass.
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
pub fn check(console: &str, ended: Ended) -> Result<usize, Failure> {
    let report = Report::read(console);
    let mut broken = Vec::new();
    let complaint = console.lines().find(|line| KERNEL_COMPLAINTS.iter().any(|words| line.contains(words)));
    broken.extend(complaint.map(|line| format!("the kernel complained: {}", line.trim_end())));
    match (ended, report.running) {
        (Ended::TimeOver, Some(test)) => broken.push(format!("hung in {test}: the time is over")),
        (Ended::TimeOver, None) => broken.push("hung outside any test: the time is over".into()),
        (_, Some(test)) => broken.push(format!("ended in the middle of {test}")),
        (Ended::WithError, None) => broken.push("the emulator ended with an error".into()),
        (Ended::Cleanly, None) => {}
    }
    broken.extend(report.defects());
    let failed: Vec<String> = report.failed.iter().map(|(name, reason)| format!("{name}: {reason}")).collect();
    let passed = report.passed.len();
    if failed.is_empty() && broken.is_empty() {
        return Ok(passed);
    }
    Err(Failure { passed, failed, broken })
}

/// Names and figures of the tests that passed, in the order of the console.
pub fn passes(console: &str) -> Vec<(&str, &str)> {
    Report::read(console).passed
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "Linux version 6.1\r\nKTAP version 1\r\n1..2\r\n# begin alloc\r\nok 1 alloc # pages=4\r\n\
                        # begin fork\r\nok 2 fork\r\nreboot: Restarting system\r\n";

    fn reasons(console: &str, ended: Ended) -> String {
        check(console, ended).unwrap_err().reasons().collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_good_boot_passes() {
        assert_eq!(check(GOOD, Ended::Cleanly), Ok(2));
    }

    #[test]
    fn figures_are_found_by_name() {
        assert_eq!(passes(GOOD), [("alloc", "pages=4"), ("fork", "")]);
    }

    #[test]
    fn a_failed_test_is_named_with_its_reason() {
        let console = GOOD.replace("ok 2 fork", "not ok 2 fork # equal bytes");
        assert_eq!(reasons(&console, Ended::Cleanly), "fork: equal bytes");
    }

    #[test]
    fn a_hang_names_its_test() {
        let cut = &GOOD[..GOOD.find("ok 2 fork").unwrap()];
        assert_eq!(reasons(cut, Ended::TimeOver), "hung in fork: the time is over; the plan has 2 tests, and 1 ended");
        assert_eq!(reasons(cut, Ended::Cleanly), "ended in the middle of fork; the plan has 2 tests, and 1 ended");
        let early = &GOOD[..GOOD.find("KTAP").unwrap()];
        let missing = "no line `KTAP version 1`";
        assert_eq!(reasons(early, Ended::TimeOver), format!("hung outside any test: the time is over; {missing}"));
        assert_eq!(reasons(GOOD, Ended::TimeOver), "hung outside any test: the time is over");
    }

    #[test]
    fn a_kernel_that_complains_fails_even_if_all_tests_pass() {
        for words in ["Kernel panic - not syncing: Attempted to kill init!", "WARNING: CPU: 0 PID: 1 at mm/m.c:1 f()"] {
            let console = GOOD.replace("reboot:", &format!("[    1.0] {words}\r\nreboot:"));
            assert_eq!(reasons(&console, Ended::Cleanly), format!("the kernel complained: [    1.0] {words}"));
        }
    }

    #[test]
    fn an_emulator_that_fails_is_a_failure() {
        assert_eq!(reasons(GOOD, Ended::WithError), "the emulator ended with an error");
    }
}
