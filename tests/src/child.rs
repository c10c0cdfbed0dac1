// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! A test in a child process, for lasting changes of a process: filters, handlers, a fatal fault.

use std::fs::File;
use std::io::{PipeWriter, Read, Write, pipe};
use std::os::fd::{FromRawFd, IntoRawFd};
use std::panic::{set_hook, take_hook};
use std::sync::Once;
use std::sync::atomic::{AtomicI32, Ordering};

/// Exit code of a child whose test panicked.
const PANICKED: i32 = 101;
/// After so many seconds a child that hangs is ended by `SIGALRM`.
const LIMIT: u32 = 120;

/// How a child ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The test returned.
    Passed,
    /// The test panicked with these words.
    Panicked(String),
    /// This signal ended the child.
    Killed(i32),
}

/// Runs `test` in a child, and panics here with its words if it panics there.
pub fn in_child(test: impl FnOnce()) {
    match outcome(test) {
        Outcome::Passed => {}
        Outcome::Panicked(words) => panic!("in the child: {words}"),
        Outcome::Killed(libc::SIGALRM) => panic!("the child hung for {LIMIT} s"),
        Outcome::Killed(signal) => panic!("the child was killed by signal {signal}"),
    }
}

/// Runs `test` in a child, and returns how it ended.
///
/// The child has one thread.
pub fn outcome(test: impl FnOnce()) -> Outcome {
    let (mut words, report) = pipe().expect("pipe");
    set_panic_hook();
    // SAFETY: the child goes on with this thread alone. It allocates, which the C library allows after a fork, and takes
    // no lock that another thread of the parent could have held.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => panic!("fork: {}", std::io::Error::last_os_error()),
        0 => run(test, report),
        pid => {
            drop(report);
            let mut said = String::new();
            words.read_to_string(&mut said).expect("the report is text");
            match wait(pid) {
                status if libc::WIFSIGNALED(status) => Outcome::Killed(libc::WTERMSIG(status)),
                status if libc::WEXITSTATUS(status) == 0 => Outcome::Passed,
                _ => Outcome::Panicked(said),
            }
        }
    }
}

/// Where the one panic hook of the process writes in a child, and -1 in the process that runs the tests.
static REPORT: AtomicI32 = AtomicI32::new(-1);

/// Makes a panic in a child end it with a report.
///
/// A panic may come up in a signal handler, which cannot be unwound through: it ends the child where it stands. The hook is
/// set before any fork and once: setting it in the child would wait for ever for a thread of the parent that was panicking
/// at the fork.
fn set_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let outside = take_hook();
        set_hook(Box::new(move |panic| {
            let report = REPORT.load(Ordering::Relaxed);
            if report < 0 {
                return outside(panic);
            }
            // SAFETY: the descriptor stays open until the child ends, which it does here.
            let mut report = unsafe { File::from_raw_fd(report) };
            // Where the report cannot be written, the exit code still tells.
            let _ = write!(report, "{panic}");
            exit(PANICKED)
        }));
    });
}

fn run(test: impl FnOnce(), report: PipeWriter) -> ! {
    // SAFETY: no pointer is involved.
    unsafe { libc::alarm(LIMIT) };
    REPORT.store(report.into_raw_fd(), Ordering::Relaxed);
    test();
    exit(0)
}

/// Ends the process without the parent's exit handlers.
pub fn exit(code: i32) -> ! {
    // SAFETY: no pointer is involved.
    unsafe { libc::_exit(code) }
}

/// Waits for a child, and returns its status.
fn wait(pid: i32) -> i32 {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    let waited = unsafe { libc::waitpid(pid, &raw mut status, 0) };
    assert_eq!(waited, pid, "waitpid: {}", std::io::Error::last_os_error());
    status
}

/// The two sides of a fork in the middle of a test that runs [`in_child`].
pub enum Side {
    /// The process that forked, with the number of its child.
    Parent(i32),
    /// The new process.
    Child,
}

/// Forks a test that runs [`in_child`]. Fit for signal handlers.
pub fn fork() -> Side {
    // SAFETY: such a test has one thread.
    match unsafe { libc::fork() } {
        -1 => panic!("fork: {}", std::io::Error::last_os_error()),
        0 => Side::Child,
        pid => Side::Parent(pid),
    }
}

impl Side {
    /// Whether this is the new process.
    pub fn is_child(&self) -> bool {
        matches!(self, Self::Child)
    }

    /// Ends the child, and waits for its good end in the parent.
    pub fn join(self) {
        match self {
            Self::Child => exit(0),
            Self::Parent(pid) => assert_eq!(wait(pid), 0, "the forked side failed"),
        }
    }
}
