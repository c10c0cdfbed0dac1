// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The outcomes of boots: compared with the expected ones, printed and counted.

use super::console::Failure;
use super::qemu;
use super::variants::Expected;
use crate::stages::Stages;
use crate::{process, progress, workspace};
use std::path::Path;
use std::time::Duration;

/// The counts over all boots.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Tests that passed, over all boots.
    pub passed: usize,
    /// Every test that failed and everything else that was wrong, over all boots.
    pub failures: Vec<String>,
    /// The boots that could not run, with the reasons.
    pub skipped: Vec<String>,
    /// How long builds and boots took.
    pub stages: Stages,
}

impl Counts {
    /// Counts another boot in.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failures.extend(other.failures);
        self.skipped.extend(other.skipped);
        self.stages.add(other.stages);
    }
}

/// Compares the verdict of a boot with the expected one and prints it; after a failure also the end of its console.
///
/// # Errors
/// The console cannot be read.
pub fn report(
    name: &str,
    expected: Expected,
    verdict: Result<usize, Failure>,
    elapsed: Duration,
    console: &Path,
) -> anyhow::Result<Counts> {
    let seconds = elapsed.as_secs_f32();
    let failure = match meet(expected, verdict) {
        Ok((passed, words)) => {
            progress::print(format_args!("boot {name}: {words}, {seconds:.1} s"));
            return Ok(Counts { passed, ..Counts::default() });
        }
        Err(failure) => failure,
    };
    progress::print(format_args!("boot {name}: FAILED, {seconds:.1} s"));
    for reason in failure.reasons() {
        progress::print(format_args!("  {reason}"));
    }
    let text = qemu::read_console(console)?;
    progress::print(format_args!("the end of {}:\n{}", workspace::shown(console), process::tail(&text)));
    let failures = failure.reasons().map(|reason| format!("boot {name}: {reason}")).collect();
    Ok(Counts { passed: failure.passed, failures, ..Counts::default() })
}

/// How many tests a boot counts for and what to say of it, if it came out as expected.
fn meet(expected: Expected, verdict: Result<usize, Failure>) -> Result<(usize, String), Failure> {
    match (expected, verdict) {
        (Expected::Pass, Ok(passed)) => Ok((passed, format!("{passed} passed, 0 failed"))),
        (Expected::Pass, Err(failure)) => Err(failure),
        (Expected::EveryTestFails { .. }, Ok(passed)) => {
            Err(Failure::broken(format!("all {passed} tests passed, and every one had to fail: they do not test")))
        }
        (Expected::EveryTestFails { because }, Err(failure)) if failure.passed == 0 && failure.broken.is_empty() => {
            Ok((1, format!("all {} tests failed, as they must {because}", failure.failed.len())))
        }
        (Expected::EveryTestFails { .. }, Err(mut failure)) => {
            if failure.passed > 0 {
                failure.broken.push(format!("{} tests passed that had to fail", failure.passed));
            }
            Err(Failure { passed: 0, failed: Vec::new(), broken: failure.broken })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(passed: usize, failed: &[&str], broken: &[&str]) -> Failure {
        let own = |words: &[&str]| words.iter().map(|&words| words.to_owned()).collect();
        Failure { passed, failed: own(failed), broken: own(broken) }
    }

    #[test]
    fn an_ordinary_boot_must_pass() {
        assert_eq!(meet(Expected::Pass, Ok(7)).unwrap().0, 7);
        let failure = failure(6, &["fork: equal bytes"], &[]);
        assert_eq!(meet(Expected::Pass, Err(failure.clone())), Err(failure));
    }

    #[test]
    fn a_control_must_fail_in_every_test_and_in_good_order() {
        let meet = |verdict| meet(Expected::EveryTestFails { because: "without a vDSO" }, verdict);
        assert_eq!(meet(Err(failure(0, &["a: no vDSO", "b: no vDSO"], &[]))).unwrap().0, 1);
        for wrong in [
            Ok(2),
            Err(failure(1, &["a: no vDSO"], &[])),
            Err(failure(0, &[], &["no verdict"])),
            Err(failure(0, &["a: no vDSO"], &["hung in b: the time is over"])),
        ] {
            let failure = meet(wrong).unwrap_err();
            assert!(failure.passed == 0 && !failure.broken.is_empty(), "{failure:?}");
        }
    }
}
