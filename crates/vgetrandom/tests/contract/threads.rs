// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Threads that end: C12.

use crate::support::path::Path;
use crate::support::words::assert_unique;
use libc::{c_int, c_void, siginfo_t};
use std::ptr::null_mut;
use std::thread;
use vdso_fixtures::trace::{self, Answer, count};

#[test]
fn c12_thousands_of_threads_use_one_chunk() {
    const THREADS: usize = 2500;
    let calls = trace::record(|| {
        Path::Built.enter();
        // Threads that find no chunk at the same time map one each.
        vgetrandom::prepare(1).expect("memory");
        trace::begin();
        for _ in 0..THREADS / 4 {
            let threads: Vec<_> =
                (0..4).map(|_| thread::spawn(|| vgetrandom::u64().expect("a draw").to_ne_bytes())).collect();
            let drawn: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("it drew")).collect();
            assert_unique(drawn.iter().map(|word| &word[..]));
        }
        trace::end();
    });
    assert_eq!(count(&calls, trace::Call::maps_states), 0);
}

#[test]
fn c12_a_slot_changes_hands_and_no_byte_repeats() {
    Path::for_each(|_| {
        let draw = || crate::support::words::draw(24, 8);
        let drawn: Vec<_> = (0..300).map(|_| thread::spawn(draw).join().expect("it drew")).collect();
        assert_unique(drawn.iter().map(Vec::as_slice));
    });
}

extern "C" fn draws_late(_: *mut c_void) {
    vgetrandom::fill(&mut [0; 24]).expect("a draw");
}

#[test]
fn c12_late_destructors_draw_by_system_call() {
    let calls = trace::record(|| {
        Path::Built.enter();
        vgetrandom::prepare(2).expect("memory");
        let mut key = 0;
        // Created after the library's, so that its destructor runs after it.
        // SAFETY: the key outlives the call.
        assert_eq!(unsafe { libc::pthread_key_create(&raw mut key, Some(draws_late)) }, 0);
        trace::begin();
        let body = move || {
            // SAFETY: the key exists; the value is not null, so that the destructor runs.
            assert_eq!(unsafe { libc::pthread_setspecific(key, (&raw const key).cast()) }, 0);
            vgetrandom::fill(&mut [0; 16]).expect("a draw");
        };
        (0..2).for_each(|_| thread::spawn(body).join().expect("it drew"));
        trace::end();
    });
    assert_eq!(count(&calls, |call| call.is_draw() && call.arguments[1] == 24), 2);
    assert_eq!(count(&calls, |call| call.is_draw() && call.arguments[1] == 16), 0);
    // The slot went from the first thread to the second.
    assert_eq!(count(&calls, trace::Call::maps_states), 0);
}

#[test]
fn c12_an_exit_in_mid_draw_keeps_the_state() {
    extern "C" fn exits(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
        // SAFETY: a system call that ends this thread. `pthread_exit` would unwind through frames of Rust; the library sees
        // of it that its hook is called.
        unsafe {
            vgetrandom::thread_exit();
            libc::syscall(libc::SYS_exit, 0);
        }
    }
    let mut interrupted = false;
    let test = || {
        Path::Built.enter();
        crate::support::handler::handle(libc::SIGUSR1, exits);
        vgetrandom::prepare(1).expect("memory");
        trace::begin();
        let mut stack = vec![0_u128; 1 << 14];
        extern "C" fn body(_: *mut c_void) -> c_int {
            vgetrandom::fill(&mut [0; 40]).expect("a draw");
            0
        }
        // SAFETY: the stack outlives the thread: its parent waits as for vfork. It shares the parent's thread-local storage.
        let pid = unsafe {
            let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
            libc::clone(body, stack.as_mut_ptr().add(stack.len()).cast(), flags, null_mut())
        };
        assert!(pid > 0);
        vdso_fixtures::child::wait(pid);
        // The slot is lost to the abandoned call; this thread exited from the library's view.
        let words = thread::spawn(|| crate::support::words::draw(8 * 200, 8)).join().expect("it drew");
        trace::end();
        assert_unique([words.as_slice()]);
    };
    let calls = trace::answer(test, |call| {
        if call.is_draw() && !interrupted {
            interrupted = true;
            return Answer::Signal(libc::SIGUSR1);
        }
        Answer::Kernel
    });
    assert!(interrupted);
    // The next thread is served by the vDSO: a key or two, and no system call for each draw.
    let draws = count(&calls, |call| call.is_draw() && call.arguments[1] == 8);
    assert_eq!(draws, 0, "{draws} draws of the next thread were system calls");
}

#[test]
fn c12_states_of_the_caller_return_their_slots() {
    let calls = trace::record(|| {
        Path::Built.enter();
        trace::begin();
        for _ in 0..1000 {
            let state = vgetrandom::State::new().expect("memory");
            let state = thread::spawn(move || {
                state.fill(&mut [0; 16]).expect("a draw");
                state
            });
            state.join().expect("it drew").fill(&mut [0; 16]).expect("a draw");
        }
        trace::end();
    });
    assert_eq!(count(&calls, trace::Call::maps_states), 1);
}
