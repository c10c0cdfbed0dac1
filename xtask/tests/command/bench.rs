// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask bench`.

use crate::streams;

#[test]
fn bench_prints_help_and_rejects_options_before_a_build() {
    let (out, err) = streams(0, &["bench", "--help"]);
    assert!(out.contains("Usage: cargo xtask bench") && out.contains("--rounds") && err.is_empty(), "{out}{err}");
    for (arguments, why) in [
        (["bench", "--rounds", "8"], "8 is not in 9..=1000"),
        (["bench", "--json", "/no/such/file"], "there is no directory /no/such"),
        (["bench", "--curves", "/dev/null"], "/dev/null: not a directory"),
    ] {
        let (out, err) = streams(2, &arguments);
        assert!(out.is_empty() && err.contains(why) && !err.contains("Built"), "{out}{err}");
    }
}
