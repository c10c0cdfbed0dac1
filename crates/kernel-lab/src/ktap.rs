// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! KTAP, the format of the kernel's test reports (Linux `Documentation/dev-tools/ktap.rst`), as far as the guests use it.
//!
//! A report is the line `KTAP version 1`, a plan `1..N`, and a line `ok N NAME` or `not ok N NAME` for each test, with a
//! figure or a reason after ` # `, or with `# SKIP REASON`. The guests print `# begin NAME` before a test, so that a hang
//! names it. Other lines are not of the report.

/// The version of the format.
const VERSION: &str = "1";

/// A report, read to the end of the console.
#[derive(Debug, Default)]
pub struct Report<'text> {
    /// Name and figures of each test that passed.
    pub passed: Vec<(&'text str, &'text str)>,
    /// Name and reason of each test that failed.
    pub failed: Vec<(&'text str, &'text str)>,
    /// Name and reason of each test that was left out.
    pub skipped: Vec<(&'text str, &'text str)>,
    /// The test that began and has not ended.
    pub running: Option<&'text str>,
    has_version: bool,
    plan: Option<usize>,
    /// How many tests have ended.
    ended: usize,
    /// The first line that contradicts the format.
    disorder: Option<String>,
}

impl<'text> Report<'text> {
    /// Reads the report on a console.
    pub fn read(console: &'text str) -> Self {
        let mut report = Self::default();
        // A carriage return comes from the terminal driver.
        for line in console.lines().map(str::trim_end) {
            if let Err(reason) = report.line(line) {
                report.disorder.get_or_insert(format!("{reason}: {line}"));
            }
        }
        report
    }

    /// Everything that is wrong with the report itself.
    pub fn defects(&self) -> Vec<String> {
        let mut defects: Vec<String> = self.disorder.iter().cloned().collect();
        match self.plan {
            _ if !self.has_version => defects.push(format!("no line `KTAP version {VERSION}`")),
            None => defects.push("no plan".into()),
            Some(plan) if plan != self.ended => {
                defects.push(format!("the plan has {plan} tests, and {} ended", self.ended))
            }
            Some(_) if self.passed.is_empty() && self.failed.is_empty() => {
                let reasons: Vec<String> = self.skipped.iter().map(|(name, why)| format!("; {name}: {why}")).collect();
                defects.push(format!("no test was run{}", reasons.concat()));
            }
            Some(_) => {}
        }
        defects
    }

    /// Reads a line; the error describes the fault.
    fn line(&mut self, line: &'text str) -> Result<(), &'static str> {
        if let Some(version) = line.strip_prefix("KTAP version ") {
            if std::mem::replace(&mut self.has_version, true) {
                return Err("a second report");
            }
            return if version == VERSION { Ok(()) } else { Err("another version of the format") };
        }
        if !self.has_version {
            return Ok(());
        }
        if let Some(tests) = line.strip_prefix("1..") {
            let tests = tests.parse().map_err(|_| "a plan without a number")?;
            return match self.plan.replace(tests) {
                Some(_) => Err("a second plan"),
                None if self.ended > 0 => Err("the plan after a test"),
                None => Ok(()),
            };
        }
        if let Some(name) = line.strip_prefix("# begin ") {
            return if self.running.replace(name).is_some() {
                Err("a test began before another one ended")
            } else {
                Ok(())
            };
        }
        if line.starts_with("Bail out!") {
            return Err("the guest gave up");
        }
        match (line.strip_prefix("ok "), line.strip_prefix("not ok ")) {
            (Some(rest), _) => self.result(true, rest),
            (_, Some(rest)) => self.result(false, rest),
            _ => Ok(()),
        }
    }

    /// Reads `N NAME # DATA`.
    fn result(&mut self, is_ok: bool, text: &'text str) -> Result<(), &'static str> {
        let (words, data) = text.split_once(" # ").unwrap_or((text, ""));
        let (number, name) = words.split_once(' ').ok_or("a test without a name")?;
        let (directive, reason) = data.split_once(' ').unwrap_or((data, ""));
        let begun = self.running.take();
        let is_skipped = is_ok && directive.eq_ignore_ascii_case("SKIP");
        if is_skipped {
            self.skipped.push((name, reason));
        } else if is_ok && !directive.eq_ignore_ascii_case("TODO") {
            self.passed.push((name, data));
        } else {
            self.failed.push((name, data));
        }
        self.ended += 1;
        match number.parse::<usize>() {
            Ok(number) if number == self.ended => {}
            Ok(number) if number < self.ended => return Err("a number that came before"),
            _ => return Err("a number out of order"),
        }
        match self.plan {
            None => return Err("a test before the plan"),
            Some(plan) if self.ended > plan => return Err("a test after the end of the plan"),
            Some(_) => {}
        }
        if begun == Some(name) || is_skipped && begun.is_none() {
            Ok(())
        } else {
            Err("a test ended without having begun")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "ok 9 noise\nKTAP version 1\n1..3\n# begin a\n# a word\nok 1 a # x=1\nok 2 b # SKIP not here\n\
                        # begin c\n[ 1.0] a message\nok 3 c\n";

    fn defects(report: &str) -> String {
        Report::read(report).defects().join("; ")
    }

    #[test]
    fn report_with_a_skipped_test_is_read() {
        let report = Report::read(GOOD);
        assert_eq!(report.defects(), Vec::<String>::new());
        assert_eq!(report.passed, [("a", "x=1"), ("c", "")]);
        assert_eq!(report.skipped, [("b", "not here")]);
        assert!(report.failed.is_empty() && report.running.is_none());
    }

    #[test]
    fn failed_and_unfinished_tests_are_failures() {
        let report = GOOD.replace("ok 1 a # x=1", "not ok 1 a # why").replace("ok 3 c", "ok 3 c # TODO later");
        let report = Report::read(&report);
        assert_eq!(report.failed, [("a", "why"), ("c", "TODO later")]);
        assert_eq!(Report::read(&GOOD.replace("ok 2 b", "not ok 2 b")).failed, [("b", "SKIP not here")]);
    }

    #[test]
    fn missing_version_is_a_defect() {
        assert_eq!(defects(""), "no line `KTAP version 1`");
        assert_eq!(defects(&GOOD.replace("KTAP", " KTAP")), "no line `KTAP version 1`");
        assert_eq!(defects(&GOOD.replace("version 1", "version 2")), "another version of the format: KTAP version 2");
        assert_eq!(defects(&format!("{GOOD}KTAP version 1\n")), "a second report: KTAP version 1");
    }

    #[test]
    fn plan_that_is_not_fulfilled_is_a_defect() {
        assert_eq!(defects(&GOOD.replace("1..3", "1..4")), "the plan has 4 tests, and 3 ended");
        assert_eq!(defects(&GOOD.replace("1..3\n", "")), "a test before the plan: ok 1 a # x=1; no plan");
        assert_eq!(defects(&GOOD.replace("1..3", "1..x")), "a plan without a number: 1..x; no plan");
        assert_eq!(defects(&format!("{GOOD}1..3\n")), "a second plan: 1..3");
        let late = "KTAP version 1\n# begin a\nok 1 a\n1..1\n";
        assert_eq!(defects(late), "a test before the plan: ok 1 a");
    }

    #[test]
    fn test_after_the_plan_is_a_defect() {
        let more = format!("{GOOD}# begin d\nok 4 d\n");
        assert_eq!(defects(&more), "a test after the end of the plan: ok 4 d; the plan has 3 tests, and 4 ended");
    }

    #[test]
    fn duplicate_number_is_a_defect() {
        assert_eq!(defects(&GOOD.replace("ok 3 c", "ok 1 c")), "a number that came before: ok 1 c");
        assert_eq!(defects(&GOOD.replace("ok 3 c", "ok 7 c")), "a number out of order: ok 7 c");
        assert_eq!(defects(&GOOD.replace("ok 3 c", "ok c c")), "a number out of order: ok c c");
        assert_eq!(
            defects(&GOOD.replace("ok 3 c", "ok 3")),
            "a test without a name: ok 3; the plan has 3 tests, and 2 ended"
        );
    }

    #[test]
    fn bail_out_is_a_defect() {
        assert_eq!(defects(&format!("{GOOD}Bail out! no memory\n")), "the guest gave up: Bail out! no memory");
    }

    #[test]
    fn report_without_a_test_that_ran_is_a_defect() {
        assert_eq!(defects("KTAP version 1\n1..0\n"), "no test was run");
        assert_eq!(defects("KTAP version 1\n1..1\nok 1 a # SKIP no\n"), "no test was run; a: no");
    }

    #[test]
    fn test_that_did_not_begin_or_end_is_a_defect() {
        assert_eq!(defects(&GOOD.replace("# begin c\n", "")), "a test ended without having begun: ok 3 c");
        let unfinished = GOOD.replace("ok 1 a # x=1\n", "# begin b\n");
        assert!(defects(&unfinished).starts_with("a test began before another one ended: # begin b"));
        assert_eq!(Report::read(&format!("{GOOD}# begin d\n")).running, Some("d"));
    }
}
