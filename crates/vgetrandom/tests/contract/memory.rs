// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Contents of memory after a draw, and system calls before the first one: C13 and C14.

use crate::support::path::Path;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use vdso_fixtures::trace::{self, count};

/// How often a word is found in the writable memory of this process.
fn occurrences(word: u64) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("the file can be read");
    let memory = std::fs::File::open("/proc/self/mem").expect("the file can be read");
    let mut found = 0;
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw"))) {
        let (start, end) = line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
        let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16).expect("an address"));
        let mut page = [0; 4096];
        for at in (start..end).step_by(page.len()) {
            // Pages that cannot be read hold nothing.
            if memory.read_exact_at(&mut page, at).is_ok() {
                let words = page.as_chunks::<8>().0.iter();
                found += words.filter(|bytes| u64::from_ne_bytes(**bytes) ^ MASK == word).count();
            }
        }
    }
    found
}

/// The words that are looked for are kept under this mask, so that the search does not find itself.
const MASK: u64 = 0x5555_aaaa_5555_aaaa;

#[test]
fn c13_no_output_is_kept_outside_of_the_state_of_the_vdso() {
    Path::for_each(|path| {
        let mut buffer = Box::new([0; 256]);
        vgetrandom::fill(&mut *buffer).expect("a draw");
        vgetrandom::fill(&mut *buffer).expect("a draw");
        let masked: Vec<_> = buffer.as_chunks::<8>().0.iter().map(|bytes| u64::from_ne_bytes(*bytes) ^ MASK).collect();
        // The search finds the buffer, and nothing else.
        assert!(masked.iter().all(|word| occurrences(*word) == 1), "{path:?}");
        buffer.fill(0);
        assert!(masked.iter().all(|word| occurrences(*word) == 0), "{path:?}: a copy of drawn bytes is left");
    });
}

#[test]
fn c14_loading_the_library_draws_nothing() {
    let calls = trace::record(|| {
        trace::begin();
        let error =
            std::process::Command::new("/proc/self/exe").arg("--list").stdout(std::process::Stdio::null()).exec();
        panic!("exec: {error}");
    });
    assert_eq!(count(&calls, |call| call.number == libc::SYS_execve), 1);
    assert_eq!(count(&calls, trace::Call::maps_states), 0);
    assert_eq!(count(&calls, trace::Call::is_readiness), 0);
    // The tracer sees the system calls of such a process.
    assert!(calls.len() > 10, "{}", calls.len());
}
