// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Results and errors: C1 to C4.

use crate::support::path::Path;
use crate::support::words::assert_unique;
use std::mem::MaybeUninit;
use std::ptr::null_mut;
use vdso_fixtures::child::in_child;
use vdso_fixtures::trace::{self, Answer, count};
use vgetrandom::{Source, Why};

/// One call of the library; a count, or a negative errno.
fn library(buffer: &mut [u8; 64], flags: u32) -> isize {
    let mut drawn = [MaybeUninit::new(0); 64];
    let result = vgetrandom::getrandom(&mut drawn, flags);
    // SAFETY: initialised above, and written by the call.
    *buffer = drawn.map(|byte| unsafe { byte.assume_init() });
    result.map_or_else(|error| -(error.errno() as isize), |count| count as isize)
}

/// The same by system call.
fn kernel(buffer: &mut [u8; 64], flags: u32) -> isize {
    // SAFETY: the buffer is an array.
    let result = unsafe { libc::syscall(libc::SYS_getrandom, buffer.as_mut_ptr(), buffer.len(), flags) };
    if result < 0 {
        -(std::io::Error::last_os_error().raw_os_error().expect("an errno") as isize)
    } else {
        result as isize
    }
}

#[test]
fn c1_results_are_those_of_the_system_call() {
    Path::for_each(|_| {
        for flags in (0..=16).chain([1 << 16, 1 << 31, u32::MAX]) {
            let (mut ours, mut theirs) = ([0; 64], [0; 64]);
            assert_eq!(library(&mut ours, flags), kernel(&mut theirs, flags), "flags {flags:#x}");
            if flags <= 5 {
                assert_unique([&ours[..], &theirs[..]]);
            } else {
                assert_eq!(ours, [0; 64], "flags {flags:#x}");
            }
        }
        assert_eq!(vgetrandom::getrandom(&mut [], 0), Ok(0));
        assert_eq!(vgetrandom::fill(&mut []), Ok(()));
    });
}

#[test]
fn c1_valid_flags_go_to_the_vdso_and_others_to_the_kernel() {
    for path in Path::ALL {
        let calls = trace::record(|| {
            path.enter();
            vgetrandom::u64().expect("the first draw");
            trace::begin();
            let mut buffer = [0; 64];
            (0..=5).for_each(|flags| assert_eq!(library(&mut buffer, flags), 64));
            assert_eq!(library(&mut buffer, 6), -(libc::EINVAL as isize));
            assert_eq!(library(&mut buffer, 8), -(libc::EINVAL as isize));
            trace::end();
        });
        // A key that the vDSO fetches has another length.
        let draws = calls.iter().filter(|call| call.is_draw() && call.arguments[1] == 64);
        let flags: Vec<_> = draws.map(|call| call.arguments[2]).collect();
        let has_vdso = has_vdso(path);
        assert_eq!(flags, if has_vdso { vec![6, 8] } else { vec![0, 1, 2, 3, 4, 5, 6, 8] }, "{path:?}");
    }
}

/// Whether draws on this path are served by a vDSO on this machine.
fn has_vdso(path: Path) -> bool {
    // The child has no other way to tell than its end.
    std::panic::catch_unwind(|| {
        in_child(|| {
            path.enter();
            assert!(Path::is_vdso());
        })
    })
    .is_ok()
}

#[test]
fn c2_before_readiness_draws_are_system_calls() {
    let mut questions = 0;
    let test = || {
        Path::Built.enter_unasked();
        trace::begin();
        assert_eq!(vgetrandom::source(), Source::Syscall(Why::NotReady));
        let mut buffer = [0; 64];
        assert_eq!(library(&mut buffer, 4), 64);
        assert_eq!(library(&mut buffer, 0), 64);
        // The fourth question is answered with "ready".
        assert_eq!(library(&mut buffer, 0), 64);
        assert!(matches!(vgetrandom::source(), Source::Vdso { .. }));
        assert_eq!(library(&mut buffer, 0), 64);
        trace::end();
    };
    let calls = trace::answer(test, |call| {
        if call.is_readiness() {
            questions += 1;
            if questions < 4 {
                return Answer::Result(-i64::from(libc::EAGAIN));
            }
        }
        Answer::Kernel
    });
    let draws: Vec<_> = calls.iter().filter(|call| call.is_draw()).map(|call| call.arguments[1..3].to_vec()).collect();
    // Two draws with the caller's length and flags; then the vDSO's own, which fetches keys: one for each of the two states
    // of words that a fresh state goes through.
    assert_eq!(draws[..2], [vec![64, 4], vec![64, 0]]);
    assert!(draws[2..].iter().all(|draw| *draw == [32, 0]) && (1..=2).contains(&(draws.len() - 2)), "{draws:?}");
    assert_eq!(questions, 4);
}

#[test]
fn c2_a_draw_from_the_vdso_is_no_cancellation_point() {
    Path::for_each(|_| {
        extern "C" fn cancelled(reached: *mut libc::c_void) -> *mut libc::c_void {
            // SAFETY: the flag outlives the thread.
            let reached = unsafe { &*reached.cast::<std::sync::atomic::AtomicBool>() };
            // SAFETY: a request to this thread stays pending until a cancellation point.
            unsafe { pthread_cancel(libc::pthread_self()) };
            let drawn = vgetrandom::u64().is_ok();
            reached.store(drawn, std::sync::atomic::Ordering::Release);
            null_mut()
        }
        let reached = std::sync::atomic::AtomicBool::new(false);
        let mut thread = 0;
        // SAFETY: the flag outlives the thread, which is joined.
        unsafe {
            assert_eq!(
                libc::pthread_create(
                    &raw mut thread,
                    std::ptr::null(),
                    cancelled,
                    (&raw const reached).cast_mut().cast()
                ),
                0
            );
            assert_eq!(libc::pthread_join(thread, null_mut()), 0);
        }
        assert!(reached.load(std::sync::atomic::Ordering::Acquire));
    });
}

unsafe extern "C" {
    fn pthread_cancel(thread: libc::pthread_t) -> libc::c_int;
}

#[test]
fn c3_fill_repeats_interrupted_and_short_calls() {
    let mut draws = 0;
    let test = || {
        Path::Syscall.enter();
        trace::begin();
        let mut buffer = [0; 64];
        vgetrandom::fill(&mut buffer).expect("a draw");
        trace::end();
        assert_unique([&buffer[..]]);
    };
    let calls = trace::answer(test, |_| {
        draws += 1;
        match draws {
            1 | 3 => Answer::Result(-i64::from(libc::EINTR)),
            2 => Answer::Shorten(24),
            _ => Answer::Kernel,
        }
    });
    let lengths: Vec<_> = calls.iter().map(|call| call.arguments[1]).collect();
    assert_eq!(lengths, [64, 64, 40, 40]);
    let starts: Vec<_> = calls.iter().map(|call| call.arguments[0] - calls[0].arguments[0]).collect();
    assert_eq!(starts, [0, 0, 24, 24]);
}

#[test]
fn c1_a_single_call_repeats_nothing() {
    let mut draws = 0;
    let test = || {
        Path::Syscall.enter();
        trace::begin();
        let mut buffer = [0; 64];
        assert_eq!(library(&mut buffer, 0), -(libc::EINTR as isize));
        assert_eq!(library(&mut buffer, 0), 24);
        trace::end();
    };
    let calls = trace::answer(test, |_| {
        draws += 1;
        if draws == 1 { Answer::Result(-i64::from(libc::EINTR)) } else { Answer::Shorten(24) }
    });
    assert_eq!(calls.len(), 2);
}

#[test]
fn c4_on_an_error_no_drawn_byte_stays() {
    for errno in [libc::EPERM, libc::ENOSYS, libc::EIO] {
        let mut draws = 0;
        let test = || {
            Path::Syscall.enter();
            trace::begin();
            let mut buffer = [0xaa; 64];
            let error = vgetrandom::fill(&mut buffer).expect_err("the tracer refuses");
            trace::end();
            assert_eq!(error.errno(), errno);
            assert_eq!(buffer[..24], [0; 24]);
            assert_eq!(buffer[24..], [0xaa; 40]);
        };
        trace::answer(test, |_| {
            draws += 1;
            if draws == 1 { Answer::Shorten(24) } else { Answer::Result(-i64::from(errno)) }
        });
    }
}

#[test]
fn c3_a_kernel_that_draws_nothing_is_an_error() {
    let test = || {
        Path::Syscall.enter();
        trace::begin();
        assert_eq!(vgetrandom::u64().map_err(|error| error.errno()), Err(libc::EIO));
        trace::end();
    };
    assert_eq!(count(&trace::answer(test, |_| Answer::Result(0)), |_| true), 1);
}
