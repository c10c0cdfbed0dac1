// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Instructions that an operation executes, counted by valgrind. The count is the same on every machine at every load.
//!
//! Each count is of a separate process: this test binary, with a subject in the environment.

use crate::{LARGE, OPERATIONS, apply};
use libtest_mimic::Failed;
use std::hint::black_box;
use std::process::Command;

/// The environment variable of a counted process: the name of an operation and a length in bytes.
const SUBJECT: &str = "VDSO_LINK_LARGE_FILES";

/// The subject that the test must reject: a loop over all pairs of sixteen-kilobyte pieces.
const PAIRS: &str = "pairs";

/// The most that a byte may cost in the large file, as a multiple of its cost in the small one.
const GROWTH: f64 = 1.25;

/// Runs the subject if this is a counted process, and returns whether it is one.
pub fn run_subject() -> bool {
    let Ok(subject) = std::env::var(SUBJECT) else { return false };
    let (name, length) = subject.split_once(' ').expect("a name and a length");
    let length = length.parse().expect("a length in bytes");
    match OPERATIONS.iter().find(|operation| operation.name == name) {
        Some(operation) => apply(operation, length),
        None => {
            let pieces = length >> 14;
            (0..pieces * pieces).for_each(|pair| assert!(black_box(pair) < pieces * pieces));
        }
    }
    true
}

/// Counts the instructions of an operation on files of a length, with those that make the files.
fn count(operation: &str, length: usize) -> f64 {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(std::env::current_exe().expect("this binary has a path"))
        .env(SUBJECT, format!("{operation} {length}"))
        .output()
        .unwrap_or_else(|error| panic!("valgrind: {error}; on Debian, as root: apt-get install valgrind"));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{operation}: {words}{}", String::from_utf8_lossy(&output.stdout));
    // ==pid== I   refs:      1,234
    let refs = words.lines().find_map(|line| line.split_once("refs:")).expect("valgrind prints the count");
    refs.1.trim().replace(',', "").parse().expect("the count is a number")
}

/// Returns the cost of a byte between half the length and the length, as a multiple of its cost between a quarter and half
/// of it. Instructions that do not depend on the length cancel out.
fn growth(operation: &str) -> f64 {
    let [quarter, half, whole] = [LARGE / 4, LARGE / 2, LARGE].map(|length| count(operation, length));
    println!(
        "{operation}: {quarter} instructions for {} MiB, {half} for twice that, {whole} for four times",
        LARGE >> 22
    );
    (whole - half) / 2.0 / (half - quarter)
}

/// Checks that the instructions of an operation grow in proportion to the length of the file.
pub fn grow_with_the_length(operation: &str) -> Result<(), Failed> {
    let growth = growth(operation);
    assert!(growth < GROWTH, "a byte costs {growth} times as much in a file of twice the length");
    Ok(())
}

/// Checks that the measurement rejects instructions that grow with the square of the length.
pub fn growth_with_the_square_is_rejected() -> Result<(), Failed> {
    let growth = growth(PAIRS);
    assert!(growth > 1.5 * GROWTH, "{growth}");
    Ok(())
}
