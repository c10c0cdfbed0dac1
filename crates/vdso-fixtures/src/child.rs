// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A test in a child process.
//!
//! The client library looks for the vDSO once in a process, so each of its tests needs a new process.

use std::any::Any;
use std::io::{Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Seconds after which `SIGALRM` ends a child that hangs.
const LIMIT: u32 = 120;

/// Ends the process without exit handlers.
pub fn exit(code: i32) -> ! {
    // SAFETY: no pointer is involved.
    unsafe { libc::_exit(code) }
}

/// Runs `test` in a child of one thread.
///
/// # Panics
/// With the child's message, if `test` panics.
pub fn in_child(test: impl FnOnce()) {
    let (message, status) = run(test, wait);
    judge(&message, status);
}

/// Starts `test` in a child, lets `watch` wait for it, and returns the child's message and status.
///
/// # Panics
/// If the process cannot fork.
pub fn run(test: impl FnOnce(), watch: impl FnOnce(i32) -> i32) -> (String, i32) {
    let (mut reader, mut writer) = pipe().expect("pipe");
    // SAFETY: the child goes on with this thread alone. It allocates, which the C library allows after a fork.
    match unsafe { libc::fork() } {
        -1 => panic!("fork: {}", std::io::Error::last_os_error()),
        0 => {
            // SAFETY: no pointer is involved.
            unsafe { libc::alarm(LIMIT) };
            let Err(panic) = catch_unwind(AssertUnwindSafe(test)) else { exit(0) };
            // Where the message cannot be written, the exit code still tells.
            let _ = writer.write_all(text(&*panic).as_bytes());
            exit(101)
        }
        pid => {
            drop(writer);
            let status = watch(pid);
            // A grandchild may hold the other end for longer than the child lives.
            // SAFETY: no pointer is involved.
            unsafe { libc::fcntl(reader.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
            let mut message = Vec::new();
            // The message is whole: it was written before the child ended.
            let _ = reader.read_to_end(&mut message);
            (String::from_utf8_lossy(&message).into_owned(), status)
        }
    }
}

/// Checks that a child ended with exit code 0.
///
/// # Panics
/// With its message, if it did not.
pub fn judge(message: &str, status: i32) {
    if libc::WIFSIGNALED(status) {
        panic!("the child was ended by signal {}: {message}", libc::WTERMSIG(status));
    }
    assert_eq!(libc::WEXITSTATUS(status), 0, "in the child: {message}");
}

fn text(panic: &(dyn Any + Send)) -> &str {
    let of_literal = panic.downcast_ref::<&str>().copied();
    of_literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without a message")
}

/// Waits for a child and returns its status.
///
/// # Panics
/// If there is no such child.
pub fn wait(pid: i32) -> i32 {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    let waited = unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(waited, pid, "waitpid: {}", std::io::Error::last_os_error());
    status
}

/// Forks, runs `child` in the new process and ends that process; returns the new process's number in the old one.
///
/// # Panics
/// If the process cannot fork.
pub fn fork(child: impl FnOnce()) -> i32 {
    // SAFETY: the child goes on with this thread alone, as in `run`.
    match unsafe { libc::fork() } {
        -1 => panic!("fork: {}", std::io::Error::last_os_error()),
        0 => {
            let passed = catch_unwind(AssertUnwindSafe(child)).is_ok();
            exit(if passed { 0 } else { 101 })
        }
        pid => pid,
    }
}
