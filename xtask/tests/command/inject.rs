// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! `cargo xtask inject`.

use crate::{codes_without_output, streams};
use std::process::Command;

#[test]
fn inject_survives_a_closed_standard_output() {
    let inject = ["inject", "--short", "--len", "4", "--event", "wipe"];
    for arguments in [&inject[..], &["inject", "--by-timer", "1"]] {
        let command = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
            command.args(arguments);
            command
        };
        assert_eq!(codes_without_output(command), [Some(0), Some(2)], "2 where the result could not be written");
    }
}

#[test]
fn inject_prints_only_the_columns_that_it_ran() {
    let (out, _) = streams(0, &["inject", "--short", "--event", "wipe", "--len", "4", "--len", "465"]);
    let head: Vec<&str> = out.lines().next().expect("a table").split_whitespace().collect();
    assert_eq!(head, ["event", "4", "465", "all"], "{out}");
    let row: Vec<&str> = out.lines().nth(1).expect("a row").split_whitespace().collect();
    assert!(row.len() == 4 && row[1] != "0" && row[2] != "0", "{out}");
}
