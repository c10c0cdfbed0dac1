// SPDX-License-Identifier: GPL-2.0-only OR MIT
//! Clauses E6, E8 and E10: how much one call produces, where it may not write, and what it may not ask of the kernel.

use crate::entry::{ANSWER, full, goes_to_the_kernel};
use vdso_abi::PAGE_SIZE;
use vdso_abi::flags::GRND_RANDOM;
use vdso_abi::state::{BATCH_LEN, STATE_LEN};
use vdso_abi::syscall::MAX_RW_COUNT;
use vdso_tests::child::{Outcome, in_child, outcome};
use vdso_tests::memory::{Alias, Pages};
use vdso_tests::state::{Snapshot, StatePage, StatePtr, in_use};
use vdso_tests::syscalls::{Answer, calls, intercept};
use vdso_tests::vdso::GENERATION;
use vdso_tests::{Vdso, cpu_levels};

#[test]
fn e6_fallback_gets_the_unclamped_length() {
    in_child(|| {
        let vdso = Vdso::built();
        let page = StatePage::with(Snapshot { word: in_use(GENERATION), ..full() });
        intercept(|_, _| Answer::Error(ANSWER));
        for len in [MAX_RW_COUNT, MAX_RW_COUNT + 1, u32::MAX as usize + 1, usize::MAX] {
            // SAFETY: the system call is answered without a look at the buffer, and nothing else writes it.
            unsafe { goes_to_the_kernel(&vdso, PAGE_SIZE as *mut u8, len, GRND_RANDOM, page.state(), STATE_LEN) };
        }
    });
}

/// The whole range is the same few pages over and over, and what follows it faults.
#[test]
fn e6_at_most_max_rw_count_bytes_are_produced() {
    in_child(|| {
        let (vdso, page) = (Vdso::built(), StatePage::with(full()));
        vdso.data().set_simd(cpu_levels().last().expect("SSE2 at least").simd);
        let alias = Alias::new(MAX_RW_COUNT);
        intercept(|_, _| Answer::Error(ANSWER));
        // SAFETY: the buffer is writable as far as a call may write.
        let returned = unsafe { vdso.call(alias.start(), usize::MAX, 0, page.state()) };
        assert_eq!((returned, calls()), (MAX_RW_COUNT as isize, vec![]));
    });
}

/// The client dies of it, as the vDSO ABI allows; had it lived on, the state would not have served it again.
#[test]
fn e8_bad_buffer_faults_and_no_byte_comes_twice() {
    for remaining in [BATCH_LEN, 5, 0] {
        for len in [1, 16, 400, 1500] {
            let (vdso, page, pages) = (Vdso::built(), StatePage::shared(), Pages::new(1));
            let contents = Snapshot::keyed(GENERATION, 3).with_batch(remaining, 5);
            page.state().write(contents);
            // The last byte of the buffer is bad, so that as much as possible was written before.
            let died = outcome(|| {
                // Back from the handler of the test binary, the fault would kill all the same, after a message.
                vdso_tests::faults::die_on_fault();
                // SAFETY: the process ends at the bad byte.
                unsafe { vdso.call(pages.end().wrapping_sub(len - 1), len, 0, page.state()) };
            });
            assert_eq!(died, Outcome::Killed(libc::SIGSEGV), "{len} bytes of {remaining}");
            let left = page.state().read();
            in_child(|| {
                intercept(|_, _| Answer::Error(ANSWER));
                let mut buffer = [0; 64];
                // SAFETY: the buffer is writable.
                unsafe { goes_to_the_kernel(&vdso, buffer.as_mut_ptr(), buffer.len(), 0, page.state(), STATE_LEN) };
            });
            assert_eq!(page.state().read(), left, "{len} bytes of {remaining}");
        }
    }
}

/// In seccomp's strict mode every system call but those for reading, writing and the end of a thread kills.
#[test]
fn e10_makes_no_system_call_from_a_keyed_state() {
    let strict = |test: &dyn Fn()| {
        outcome(|| {
            // SAFETY: no pointer is involved.
            assert_eq!(unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT) }, 0);
            test();
            // SAFETY: the one way to end that the mode allows.
            unsafe { libc::syscall(libc::SYS_exit, 0) };
        })
    };
    let vdso = Vdso::built();
    let passed = strict(&|| {
        let mut memory = [0; STATE_LEN];
        // SAFETY: the memory is as long as a state, and is used through the pointer alone.
        let state = unsafe { StatePtr::new(memory.as_mut_ptr()) };
        state.write(full());
        let mut buffer = [0; 2100];
        for len in 0..buffer.len() {
            assert_eq!(vdso.draw(&mut buffer[..len], state), len as isize);
        }
    });
    assert_eq!(passed, Outcome::Passed);
    let killed = strict(&|| {
        // SAFETY: no pointer is involved.
        let _ = unsafe { libc::syscall(libc::SYS_getppid) };
    });
    assert_eq!(killed, Outcome::Killed(libc::SIGKILL), "the mode bites");
}
