// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Handlers that draw in the middle of a draw: C6, and C5 for the slot of a thread.

use crate::support::handler::handle;
use crate::support::path::Path;
use crate::support::words::{Shared, assert_unique};
use libc::{c_int, c_void, siginfo_t};
use std::sync::OnceLock;
use vdso_fixtures::child::{fork, judge, wait};
use vdso_fixtures::trace::{self, Answer, count};

static DRAWN: OnceLock<Shared> = OnceLock::new();
/// Bytes of one draw: another number than the 32 of a key, which the vDSO fetches.
const LEN: usize = 40;

extern "C" fn draws(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
    DRAWN.get().expect("made before").draw(0..LEN);
}

/// The child draws in the handler, and both sides go on with the interrupted draw.
extern "C" fn forks_and_draws(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
    let drawn = DRAWN.get().expect("made before");
    // SAFETY: the process has one thread.
    match unsafe { libc::fork() } {
        0 => drawn.draw(LEN..2 * LEN),
        pid => {
            drawn.draw(0..LEN);
            judge("", wait(pid));
        }
    }
}

/// Draws with the built image so that the vDSO fetches a key, and a signal arrives at that point.
fn interrupted(handler: crate::support::handler::Handler, after: impl FnOnce()) -> Vec<trace::Call> {
    let mut interrupted = false;
    let test = || {
        Path::Built.enter();
        DRAWN.set(Shared::new(4096)).map_err(drop).expect("once");
        handle(libc::SIGUSR1, handler);
        vgetrandom::prepare(1).expect("memory");
        trace::begin();
        after();
        trace::end();
    };
    trace::answer(test, |call| {
        // The first one fetches the key of a fresh state.
        if call.is_draw() && !interrupted {
            interrupted = true;
            return Answer::Signal(libc::SIGUSR1);
        }
        Answer::Kernel
    })
}

#[test]
fn c6_a_draw_that_interrupts_a_draw_is_a_system_call() {
    let calls = interrupted(draws, || {
        let mut outer = [0; 8];
        vgetrandom::fill(&mut outer).expect("a draw");
        let drawn = DRAWN.get().expect("made above").bytes();
        assert_unique([&outer[..], &drawn[..LEN]]);
    });
    let draws: Vec<_> = calls.iter().filter(|call| call.is_draw()).collect();
    // The key of the outer call, and the handler's draw into its own buffer.
    assert_eq!(draws.len(), 2, "{draws:?}");
    assert_eq!(draws[1].arguments[1], LEN as u64);
}

#[test]
fn c6_the_tag_survives_the_wipe_of_a_fork() {
    let calls = interrupted(forks_and_draws, || {
        let side = Shared::new(4096);
        // SAFETY: no pointer is involved.
        let parent = unsafe { libc::getpid() };
        side.draw(0..8);
        // SAFETY: as above.
        if unsafe { libc::getpid() } != parent {
            // The child of the handler: its outer draw ends here as well.
            let mut rest = [0; LEN];
            vgetrandom::fill(&mut rest).expect("a draw");
            let drawn = DRAWN.get().expect("made above").bytes();
            assert_unique([&side.bytes()[..8], &rest, &drawn[LEN..2 * LEN]]);
            vdso_fixtures::child::exit(0);
        }
        let drawn = DRAWN.get().expect("made above").bytes();
        assert_unique([&drawn[..2 * LEN]]);
    });
    // The handler's draws of both processes are system calls of the caller's length, though the child's state was wiped.
    let draws: Vec<_> = calls.iter().filter(|call| call.is_draw() && call.arguments[1] == LEN as u64).collect();
    assert_eq!(draws.len(), 2, "{calls:?}");
    assert_ne!(draws[0].pid, draws[1].pid, "{calls:?}");
}

#[test]
fn c5_a_thread_has_one_slot_and_63_threads_share_a_chunk() {
    /// Slots of a chunk.
    const CHUNK: usize = 63;
    for (threads, chunks) in [(1, 1), (CHUNK, 1), (CHUNK + 1, 2)] {
        let calls = trace::record(|| {
            Path::Built.enter();
            let barrier = std::sync::Barrier::new(threads);
            trace::begin();
            // Threads that find no chunk at the same time map one each.
            vgetrandom::prepare(1).expect("memory");
            std::thread::scope(|scope| {
                let draw = || {
                    let drawn = crate::support::words::draw(8 * 64, 8);
                    barrier.wait();
                    drawn
                };
                let running: Vec<_> = (1..threads).map(|_| scope.spawn(draw)).collect();
                let mut drawn = vec![draw()];
                drawn.extend(running.into_iter().map(|thread| thread.join().expect("it drew")));
                assert_unique(drawn.iter().map(Vec::as_slice));
            });
            trace::end();
        });
        assert_eq!(count(&calls, trace::Call::maps_states), chunks, "{threads} threads");
    }
}

#[test]
fn c8_a_fork_in_a_handler_needs_no_care() {
    // As C6, without a draw in the handler: both sides finish the outer draw.
    extern "C" fn forks(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
        // SAFETY: the process has one thread.
        if unsafe { libc::fork() } > 0 {
            // SAFETY: the status is not wanted here.
            unsafe { libc::wait(std::ptr::null_mut()) };
        }
    }
    interrupted(forks, || {
        let sides = Shared::new(4096);
        // SAFETY: no pointer is involved.
        let parent = unsafe { libc::getpid() };
        let mut outer = [0; 8];
        vgetrandom::fill(&mut outer).expect("a draw");
        // SAFETY: as above.
        let at = if unsafe { libc::getpid() } == parent { 0 } else { 64 };
        sides.draw(at..at + 64);
        if at != 0 {
            vdso_fixtures::child::exit(0);
        }
        assert_unique([&outer[..], &sides.bytes()[..64]]);
        // A second fork: its child draws too, and nothing of all that is equal.
        let pid = fork(|| sides.draw(128..192));
        judge("", wait(pid));
        assert_unique([&sides.bytes()[..64], &sides.bytes()[128..192]]);
    });
}
