// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! The commands as a user runs them: exit codes, and the text on each stream. A module for each group of commands.

mod bench;
mod build;
mod check;
mod general;
mod images;
mod inject;
mod prove;
mod test;
mod verify;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Runs a command of xtask to its end.
fn xtask<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().expect("the command starts")
}

/// Runs a command that must end with `code`, and returns its standard output and its standard error.
fn streams<S: AsRef<OsStr>>(code: i32, arguments: &[S]) -> (String, String) {
    let output = xtask(arguments);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the command prints UTF-8");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    (out, err)
}

/// Creates a file with these bytes.
fn file(directory: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, bytes).expect("the directory is writable");
    path
}

/// Returns the exit codes of a command whose standard output is a closed pipe, and whose standard output is full.
fn codes_without_output(command: impl Fn() -> Command) -> [Option<i32>; 2] {
    let (reader, closed) = std::io::pipe().unwrap();
    drop(reader);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    [closed.into(), full.into()].map(|output: Stdio| {
        command().stdout(output).stderr(Stdio::null()).status().expect("the command starts").code()
    })
}
