// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The program with a standard output that has no reader.

use std::process::{Command, Stdio};

#[test]
fn bench_ends_without_a_panic_on_a_closed_pipe() {
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    // Without an image it measures the peers alone, which takes seconds.
    let mut command = Command::new(env!("CARGO_BIN_EXE_vdso-bench"));
    let bench = command.args(["--quick", "--vdso", "/no/such/directory"]).stdout(Stdio::from(closed));
    let output = bench.stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), errors.as_ref()), (Some(0), ""));
}
