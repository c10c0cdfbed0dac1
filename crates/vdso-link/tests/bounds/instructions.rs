// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! How many instructions a file costs, which is the same on every machine at every load: counted by valgrind, in a process of
//! its own for each door and length.

use crate::{DOORS, LARGE, send};
use std::hint::black_box;
use std::process::Command;

/// In the environment of the process that is counted: the name of a door and a length in bytes.
const SUBJECT: &str = "VDSO_LINK_LARGE_FILES";

/// Not a door, but what must not go unnoticed: it looks at each pair of sixteen-kilobyte pieces.
const PAIRS: &str = "pairs";

/// How much more a byte may cost in the large file than in the small one.
const GROWTH: f64 = 1.25;

/// The process that is counted: the test that started it, with a subject.
fn is_subject() -> bool {
    let Ok(subject) = std::env::var(SUBJECT) else { return false };
    let (name, length) = subject.split_once(' ').unwrap();
    let length = length.parse().unwrap();
    match DOORS.iter().find(|door| door.name == name) {
        Some(door) => send(door, length),
        None => {
            let pieces = length >> 14;
            (0..pieces * pieces).for_each(|pair| assert!(black_box(pair) < pieces * pieces));
        }
    }
    true
}

/// Counts what a door takes for files of a length, with the making of the files.
fn count(test: &str, door: &str, length: usize) -> f64 {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads=1"])
        .env(SUBJECT, format!("{door} {length}"))
        .output()
        .unwrap_or_else(|error| panic!("valgrind: {error}; on Debian, as root: apt-get install valgrind"));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{door}: {words}{}", String::from_utf8_lossy(&output.stdout));
    // ==pid== I   refs:      1,234
    let refs = words.lines().find_map(|line| line.split_once("refs:")).expect("valgrind says how many");
    refs.1.trim().replace(',', "").parse().unwrap()
}

/// How much more a byte costs between half the length and the length than between a quarter and half of it. What does not
/// depend on the length is in neither.
fn growth(test: &str, door: &str, length: usize) -> f64 {
    let [quarter, half, whole] = [length / 4, length / 2, length].map(|length| count(test, door, length));
    println!("{door}: {quarter} instructions for {} MiB, {half} for twice that, {whole} for four times", length >> 22);
    (whole - half) / 2.0 / (half - quarter)
}

#[test]
fn instructions_grow_in_proportion_to_the_length() {
    if is_subject() {
        return;
    }
    for door in &DOORS {
        let growth = growth("instructions::instructions_grow_in_proportion_to_the_length", door.name, LARGE);
        assert!(growth < GROWTH, "{}: a byte costs {growth} times as much in a file of twice the length", door.name);
    }
}

#[test]
fn instructions_that_grow_faster_are_noticed() {
    if is_subject() {
        return;
    }
    let growth = growth("instructions::instructions_that_grow_faster_are_noticed", PAIRS, LARGE);
    assert!(growth > 1.5 * GROWTH, "{growth}");
}
