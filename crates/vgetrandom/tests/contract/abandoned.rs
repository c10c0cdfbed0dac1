// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Calls that never come back: C11.

use crate::support::handler::handle;
use crate::support::landing;
use crate::support::path::Path;
use crate::support::words::assert_unique;
use libc::{c_int, c_void, siginfo_t};
use vdso_fixtures::trace::{self, Answer, count};
use vgetrandom::Source;

/// Draws that a tag costs before the thread gets another slot.
const MISSES: usize = 1000;
/// Slots that a thread leaves to abandoned calls.
const REPLACEMENTS: usize = 8;

extern "C" fn leaves(_: c_int, _: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the tracer sends the signal in the middle of a draw.
    unsafe { landing::leave(context) };
}

extern "C" fn draw() {
    vgetrandom::fill(&mut [0; 40]).expect("a draw");
}

/// The descriptor whose closing asks the tracer to interrupt the next fetch of a key.
const ARM: c_int = -1002;

/// Abandons a draw in the middle of the vDSO's call: where it fetches a key, a handler leaves it.
fn abandon() {
    // SAFETY: no such descriptor exists.
    unsafe { libc::syscall(libc::SYS_close, ARM) };
    assert!(!landing::call(draw, false), "the tracer lets the handler leave the draw");
}

/// Sends the signal at the first `getrandom` after each request.
fn interrupt() -> impl FnMut(&trace::Call) -> Answer {
    let mut armed = false;
    move |call| {
        if call.number == libc::SYS_close && call.arguments[0] as c_int == ARM {
            armed = true;
        }
        if armed && call.is_draw() {
            armed = false;
            return Answer::Signal(libc::SIGUSR1);
        }
        Answer::Kernel
    }
}

#[test]
fn c11_an_abandoned_call_costs_a_bounded_number_of_slow_draws() {
    /// Draws after the new slot is there.
    const MORE: usize = 500;
    let test = || {
        let image = crate::support::path::built();
        // SAFETY: the image stays mapped, and nothing was drawn.
        unsafe { vgetrandom::set_vdso(image.base().as_ptr().cast()) };
        assert!(matches!(vgetrandom::source(), Source::Vdso { .. }));
        handle(libc::SIGUSR1, leaves);
        trace::begin();
        for generation in 0..=REPLACEMENTS as u64 {
            // The state is stale, so the next draw fetches a key.
            image.data().set_generation(100 + generation);
            abandon();
            for _ in 0..MISSES + MORE {
                vgetrandom::fill(&mut [0; 24]).expect("a draw");
            }
        }
        trace::end();
    };
    let calls = trace::answer(test, interrupt());
    let slow = count(&calls, |call| call.is_draw() && call.arguments[1] == 24);
    // The last of the misses is served from the new slot. After so many replacements all draws are slow.
    assert_eq!(slow, REPLACEMENTS * (MISSES - 1) + MISSES + MORE);
}

#[test]
fn c11_nothing_repeats_after_an_abandoned_call() {
    let test = || {
        Path::Built.enter();
        handle(libc::SIGUSR1, leaves);
        trace::begin();
        abandon();
        let words = crate::support::words::draw(8 * 3000, 8);
        trace::end();
        assert_unique([words.as_slice()]);
    };
    trace::answer(test, interrupt());
}
