// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! New processes of every kind, without a handler for them: C8, and the bounds of C15.

use crate::support::path::Path;
use crate::support::words::{Shared, assert_unique, draw};
use std::sync::atomic::{AtomicBool, Ordering};
use vdso_fixtures::child::{exit, fork, judge, wait};

const LEN: usize = 1024;

#[test]
fn c8_parent_and_child_of_a_fork_draw_different_bytes() {
    Path::for_each(|_| {
        let drawn = Shared::new(3 * LEN);
        // A state in the middle of its batch.
        vgetrandom::u64().expect("a draw");
        let child = fork(|| {
            drawn.draw(0..LEN);
            let grandchild = fork(|| drawn.draw(LEN..2 * LEN));
            judge("", wait(grandchild));
        });
        judge("", wait(child));
        drawn.draw(2 * LEN..3 * LEN);
        assert_unique([drawn.bytes()]);
    });
}

#[test]
fn c8_a_raw_clone_is_a_fork() {
    Path::for_each(|_| {
        let drawn = Shared::new(2 * LEN);
        vgetrandom::u64().expect("a draw");
        // The C library does not know of this child.
        // SAFETY: without a stack and flags it is a fork; the process has one thread.
        let pid = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) } as i32;
        if pid == 0 {
            drawn.draw(0..LEN);
            exit(0);
        }
        judge("", wait(pid));
        drawn.draw(LEN..2 * LEN);
        assert_unique([drawn.bytes()]);
    });
}

/// A child that shares memory and thread-local storage, while its parent waits.
fn clone_with_shared_memory(child: extern "C" fn(*mut libc::c_void) -> libc::c_int, argument: &Shared) -> i32 {
    let mut stack = vec![0_u128; 1 << 14];
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the stack is the child's alone, and outlives it, because the parent waits for its end.
    unsafe {
        let top = stack.as_mut_ptr().add(stack.len()).cast();
        libc::clone(child, top, flags, std::ptr::from_ref(argument).cast_mut().cast())
    }
}

extern "C" fn draws_and_ends(drawn: *mut libc::c_void) -> libc::c_int {
    // SAFETY: the argument of `clone_with_shared_memory`.
    let drawn = unsafe { &*drawn.cast::<Shared>() };
    drawn.draw(0..LEN);
    exit(0)
}

#[test]
fn c8_c15_a_child_of_vfork_may_draw_while_its_parent_waits() {
    Path::for_each(|_| {
        for first in [true, false] {
            let drawn = Shared::new(2 * LEN);
            if !first {
                vgetrandom::u64().expect("a draw");
            }
            let pid = clone_with_shared_memory(draws_and_ends, &drawn);
            assert!(pid > 0, "clone: {}", std::io::Error::last_os_error());
            judge("", wait(pid));
            drawn.draw(LEN..2 * LEN);
            assert_unique([drawn.bytes()]);
        }
    });
}

#[test]
fn c8_programs_are_started_without_care() {
    Path::for_each(|_| {
        let before = draw(LEN, 64);
        // The standard library uses posix_spawn.
        let status =
            std::process::Command::new("/proc/self/exe").arg("--list").stdout(std::process::Stdio::null()).status();
        assert!(status.expect("this program can be started").success());
        assert_unique([before.as_slice(), draw(LEN, 64).as_slice()]);
    });
}

#[test]
fn c8_forks_under_drawing_threads() {
    const THREADS: usize = 4;
    const FORKS: usize = 24;
    Path::for_each(|_| {
        let drawn = Shared::new((FORKS + 1) * 256);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let draws = || {
                let mut mine = Vec::new();
                while !done.load(Ordering::Relaxed) && mine.len() < 1 << 16 {
                    mine.extend(draw(64, 16));
                }
                mine
            };
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(draws)).collect();
            for index in 0..FORKS {
                let range = index * 256..(index + 1) * 256;
                // A thread that forks while others draw, and has or has not drawn itself.
                let pid = fork(|| drawn.draw(range));
                judge("", wait(pid));
            }
            done.store(true, Ordering::Relaxed);
            drawn.draw(FORKS * 256..(FORKS + 1) * 256);
            let of_threads: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("it drew")).collect();
            let of_threads = of_threads.iter().filter(|words| !words.is_empty()).map(Vec::as_slice);
            assert_unique(of_threads.chain([drawn.bytes()]));
        });
    });
}
