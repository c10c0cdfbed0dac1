// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The short form of `cargo xtask soak`, and that it would notice.

use vdso_tests::child::in_child;
use vdso_tests::duplicates::{WordPool, expected_by_chance};
use vdso_tests::soak::{Options, run};

const SHORT: Options = Options { threads: 64, words: 16_000_000, seconds: None, twins: false };

/// R1 and K8 at random instructions: threads, handlers, reseeds and both ciphers, and no word twice.
#[test]
fn r1_many_threads_and_handlers_draw_no_word_twice() {
    in_child(|| {
        let report = run(SHORT, |_| {});
        assert!(report.words >= SHORT.words, "{report:?}");
        assert!(report.tally.in_mid_call > 0 && report.reseeds > 1, "nothing was put to the test: {report:?}");
        assert_eq!(report.duplicates, [0; 0], "{} expected by chance", report.expected_by_chance());
    });
}

#[test]
fn copies_of_one_state_are_noticed() {
    in_child(|| {
        let report = run(Options { threads: 2, words: 100_000, twins: true, ..SHORT }, |_| {});
        assert!(!report.duplicates.is_empty(), "{report:?}");
    });
}

#[test]
fn word_that_comes_twice_is_found_wherever_it_is() {
    let pool = WordPool::with_capacity(10_000);
    let word = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let (mut first, mut second) = (pool.collector(), pool.collector());
    for number in 0..5_000 {
        first.add(&word(number).to_ne_bytes());
        second.add(&word(number + 5_000).to_ne_bytes());
    }
    // One across collectors, one within; what is no whole word does not count.
    first.add(&[&word(7_777).to_ne_bytes()[..], &[0; 7]].concat());
    second.add(&word(9_999).to_ne_bytes());
    drop((first, second));
    assert_eq!(pool.len(), 10_002);
    let mut duplicates = pool.into_duplicates();
    duplicates.sort_by_key(|duplicate| *duplicate != word(7_777));
    assert_eq!(duplicates, [word(7_777), word(9_999)]);
}

#[test]
fn birthday_bound() {
    // 2^32 words among 2^64 values: half a pair.
    assert!((expected_by_chance(1 << 32) - 0.5).abs() < 1e-6);
}
