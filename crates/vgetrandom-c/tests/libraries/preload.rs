// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! An unmodified program with the preload library.

use crate::build::{LIBRARIES, Linking, program};
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use vdso_fixtures::trace::{self, Answer, Call, count};

/// Runs `plain` with the library, under a policy for its system calls.
fn run(argument: &str, policy: impl FnMut(&Call) -> Answer) -> Vec<Call> {
    let program = program("plain", Linking::Plain);
    let library = LIBRARIES.join("lib/libvgetrandom-preload.so");
    let preloaded = || {
        let error = Command::new(&program).arg(argument).env("LD_PRELOAD", &library).exec();
        panic!("exec: {error}");
    };
    trace::answer(preloaded, policy)
}

/// Whether the running kernel's vDSO has the function.
fn has_vdso() -> bool {
    let calls = run("draws", |_| Answer::Kernel);
    count(&calls, Call::maps_states) > 0
}

#[test]
fn c3_c9_a_plain_program_draws_without_system_calls() {
    let calls = run("draws", |_| Answer::Kernel);
    let draws: Vec<_> = calls.iter().filter(|call| call.is_draw() && call.arguments[2] == 0).collect();
    // The seven that the program makes itself.
    assert_eq!(draws.iter().filter(|call| call.arguments[1] == 9).count(), 7);
    let others = draws.len() - 7;
    if count(&calls, Call::maps_states) > 0 {
        // Two threads of which one returned its state to the other: keys of a state or two.
        assert!(others <= 4, "{others} system calls for 1,200 draws");
    } else {
        assert!(others >= 1200, "{others} system calls for 1,200 draws");
    }
}

#[test]
fn c3_a_short_system_call_is_repaired() {
    // The first system call gives eight bytes only: too few for a key, and for the draw that falls back to the system call. The
    // program checks each result.
    let mut shortened = false;
    run("draws", |call| {
        // A key, or without a vDSO the draw of `getentropy`.
        if call.is_draw() && call.arguments[1] == 32 && !shortened {
            shortened = true;
            return Answer::Shorten(8);
        }
        Answer::Kernel
    });
    assert!(shortened, "no system call was shortened");
}

#[test]
fn c10_a_plain_program_goes_on_where_memory_is_refused() {
    let refuse =
        |call: &Call| if call.maps_states() { Answer::Result(-i64::from(libc::ENOMEM)) } else { Answer::Kernel };
    let calls = run("draws", refuse);
    let draws = count(&calls, |call| call.is_draw() && call.arguments[2] == 0 && call.arguments[1] % 16 == 0);
    assert_eq!(draws, 1200);
    // Each of the two threads makes 600 draws and tries again after 256.
    let tries = count(&calls, Call::maps_states);
    assert!(tries == 0 || tries >= 6, "{tries}");
}

#[test]
fn c3_arc4random_reads_the_device_where_the_kernel_refuses() {
    let refuse = |call: &Call| match call.number {
        libc::SYS_getrandom => Answer::Result(-i64::from(libc::ENOSYS)),
        _ => Answer::Kernel,
    };
    let calls = run("certain", refuse);
    // Six draws of the family: one buffer, three numbers, and one number below 7 at least.
    assert!(count(&calls, |call| call.number == libc::SYS_openat) >= 5, "{calls:?}");
    assert_eq!(
        count(&calls, |call| call.number == libc::SYS_openat),
        count(&calls, |call| call.number == libc::SYS_close)
    );
}

#[test]
fn c3_arc4random_ends_the_process_where_nothing_can_be_drawn() {
    let refuse = |call: &Call| match call.number {
        libc::SYS_getrandom | libc::SYS_openat => Answer::Result(-i64::from(libc::ENOSYS)),
        _ => Answer::Kernel,
    };
    let ended = catch_unwind(AssertUnwindSafe(|| run("certain", refuse)));
    let message = *ended.expect_err("the program aborts").downcast::<String>().expect("a message");
    assert!(message.contains(&format!("signal {}", libc::SIGABRT)), "{message}");
}

/// Whether a thread with a pending request to cancel ended in its draw.
fn is_cancelled(argument: &str, ready: bool) -> bool {
    let policy = |call: &Call| {
        if call.is_readiness() && !ready { Answer::Result(-i64::from(libc::EAGAIN)) } else { Answer::Kernel }
    };
    let ended = catch_unwind(AssertUnwindSafe(|| run(argument, policy)));
    // The program ends with 20 then, which the tracer reports as a failure. Another failure is no cancellation.
    let Err(panic) = ended else { return false };
    let message = panic.downcast::<String>().expect("a message");
    assert!(message.contains("left: 20"), "{message}");
    true
}

#[test]
fn c2_a_draw_is_a_cancellation_point_before_readiness_only() {
    if !has_vdso() {
        // Each draw is the C library's then, before readiness and after it.
        assert!(is_cancelled("cancel", true));
        return;
    }
    assert!(!is_cancelled("cancel", true));
    assert!(is_cancelled("cancel", false));
}

#[test]
fn c2_getentropy_and_arc4random_are_no_cancellation_points() {
    for ready in [true, false] {
        assert!(!is_cancelled("entropy", ready), "ready: {ready}");
    }
}
